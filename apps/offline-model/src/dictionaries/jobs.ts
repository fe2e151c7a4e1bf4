import { wordSet } from './words.js';

/** Titles of address, as they stand before names. */
export const ADDRESS_TITLES = [
  'Mr',
  'Mrs',
  'Ms',
  'Miss',
  'Mx',
  'Dr',
  'Prof',
  'Professor',
  'Sir',
  'Dame',
  'Lady',
  'Lord',
  'Rev',
  'Reverend',
  'Fr',
  'Hon',
  'Capt',
  'Captain',
  'Lt',
  'Sgt',
  'Col',
  'Gen',
  'Maj',
  'Judge',
  'Senator',
  'Herr',
  'Frau',
  'Mme',
  'Mlle',
  'Señor',
  'Señora',
  'Sr',
  'Sra',
  'Doctor',
  'Madam',
] as const;

/** The nouns that job titles end with. */
export const JOB_NOUNS = wordSet(
  `accountant actor actress actuary acupuncturist administrator adviser advisor agent agronomist aide ambassador analyst anthropologist appraiser archaeologist architect archivist artist
  assembler assessor assistant astronaut astronomer athlete attendant attorney auctioneer audiologist auditor author bailiff baker banker barber barista bartender biochemist biologist blacksmith bookbinder
  bookkeeper bookmaker botanist brewer bricklayer broker builder butcher buyer captain cardiologist caretaker carpenter cartographer cashier caterer ceo cfo chairman chairperson chairwoman chancellor
  chaplain chauffeur checker chef chemist chiropractor cleaner clergy clerk coach collector columnist comedian composer conductor conservator constable consultant contractor controller cook coordinator
  coroner correspondent counselor counsellor courier cto curator custodian dancer dealer dean decorator dentist dermatologist designer detective developer dietitian diplomat director dispatcher diver doctor
  drafter driver economist editor educator electrician embalmer engineer engraver entertainer entomologist estimator examiner executive expert farmer farrier filmmaker financier firefighter fireman fisher fisherman
  fitter florist forecaster foreman forester founder furrier gardener geographer geologist glazier governor grader groundskeeper guard guide hairdresser handler handyman headmaster helper historian host hostess
  housekeeper hydrologist illustrator inspector installer instructor interpreter inventor investigator janitor jeweler jeweller jockey joiner journalist judge laborer labourer laundress lawyer lecturer librarian
  lieutenant lifeguard linguist loader locksmith logger longshoreman machinist magician magistrate maid mailman maintainer manager manicurist marketer mason mathematician mayor mechanic mediator merchant messenger
  meteorologist meter microbiologist midwife miller milliner miner minister model modeler mortician musician negotiator neurologist notary novelist nurse nutritionist obstetrician officer official operator optician optometrist
  organizer orthodontist packager packer painter paralegal paramedic pastor pathologist patternmaker pediatrician pharmacist philosopher photographer physician physicist physiotherapist pianist pilot pipefitter planner
  plasterer plumber podiatrist poet policeman policewoman politician porter postman potter practitioner preparer president presser priest principal printer processor producer professor programmer prosecutor psychiatrist
  psychologist publicist publisher purser quarterback rabbi radiographer radiologist ranger realtor receptionist recruiter referee registrar repairer reporter representative researcher retailer rigger roofer sailor
  salesman salesperson saleswoman sampler scholar scientist scout sculptor seamstress secretary senator servant server setter sewer sheriff shipwright shoemaker shopkeeper singer sociologist soldier solicitor specialist
  statistician steward stewardess stockbroker stonemason strategist student supervisor surgeon surveyor tailor tanner teacher technician technologist telemarketer teller tester therapist toolmaker trader trainer
  translator treasurer treater trooper trucker tutor typist umpire undertaker underwriter upholsterer usher veterinarian veterinary vendor waiter waitress warden watchmaker weaver webmaster weigher welder woodworker worker writer zoologist`,
);

import { wordSet } from './words.js';

/** Words of grammar, which say nothing about a text's content. */
export const STOP_WORDS = wordSet(
  `a about above after again against all almost alone along already also although always am among an and another any anybody anyone anything are aren't around as at away back be became because become been before
  behind being below between both but by can can't cannot could couldn't did didn't do does doesn't doing don't done down during each either else enough even ever every everybody everyone everything few for from further
  get gets give gives go goes going gone got had hadn't has hasn't have haven't having he he'd he'll he's her here here's hers herself him himself his how how's however i i'd i'll i'm i've if in indeed instead into is isn't
  it it's its itself just keep kept last least less let let's like likely many may maybe me might mine more most much must my myself near need neither never next no nobody none nor not nothing now of off often on once one
  only onto or other others otherwise our ours ourselves out over own per perhaps please put quite rather really same say says see seem seems several shall she she'd she'll she's should shouldn't since so some somebody someone something
  sometimes still such take than that that's the their theirs them themselves then there there's therefore these they they'd they'll they're they've thing things this those though through thus to together too toward
  towards under until up upon us use used very via was wasn't we we'd we'll we're we've well were weren't what what's when where where's whether which while who who's whole whom whose why will with within without won't would
  wouldn't yes yet you you'd you'll you're you've your yours yourself yourselves`,
);

/** Words that begin sentences with a capital, or stand with one in forms, without being names. */
export const ORDINARY_WORDS = wordSet(
  `access account accounts action activity actually add additional address adventure afternoon agency agree album also amazing amount animation answer any anyway app application apply approve are argument army art artist article ask asked attach
  attached attention aunt available average awarded award baby bad balance ball bank based basic battery beach beautiful become beginning best better big bill billing birth birthday black block blue bot bought box boy brand bring brilliant brother building
  bus business buy call called calling cancel capitalized car card cards care case cash celebrating center change charge cheap check children city civil clear click close club coffee cold color comedy coming company complete computer concert
  confirm congratulations contact cool corner correct cost could country couple course court cover credit current customer dad daily dark data date daughter day deal dear deep delete deliver delivered delivery desk details did different dinner direct directed director
  discipline do doctor document does dollar door download driver due early easy eat email e-mail emergency end energetic engine enjoy enter error estate even evening event example excellent except excuse expected experience expires explain extra
  eye face fact family fan fantastic fast father fax feature federal feel female file film final finally find fine fire first five fix fly follow following food form forward found four free fresh friday friend friends full fun fund funds future game gave
  general gentlemen girl give glad god gold good goodbye got government grace grand great greetings green group guess guest guilty guitar guy had hair half hand happy hard have head headline health hear heard heart hello help helped here hey hi high hire hit hold holiday home
  hope hospital hot hotel hour house hurry husband idea if image immediately important impossible improve include including inbound info information inject inside international internet interview introduction invalid invoice is island issue item items job
  join journal july june just keep key kids kid kind king kitchen know lady lake land language large last late later law lead learn leave left legal letter level liftoff like limit line link list little live local location log login long look looking looks lord lose lost lot love low lunch
  magazine mail main major make male man manager many map march market married master match matter maximum may meaning meet meeting member memory men menu message messages method middle milk million mind minimum minutes miss mission mobile modern mom moment monday
  money month months moon more morning most mother mountain mouth move moved movie mr mrs ms much museum music musicians my mystery name names national natural need needed network never new news newspaper next nice night nine no noon normal north not note notes nothing notice
  notification november now number object october of offer office official ok okay old on one online only open opening opinion option options or orange order orders original other our out outside over owner pack package page paid pain paper parent parents park part partner party
  passport password past patient pay payment pedestrians people person personal phone photo piano picture piece pin place plan plane play player please pleasure point policy poor pop popular position possible post posted power pre present press pressure pretty price primary print private prize
  probably problem process producer product products professional program project promised proud public purchase purple put quality quarter queen question questions quick quickly quiet quite radio rain rate read reader ready real really reason receive received recent record red refund
  regarding register regular religion remember remind remove rent repeat reply report request required rest restaurant result return review ride right rights ring river road rock room round royal rule safe said sale sales salesperson same saturday save savings say school science
  score screen sea search seat second secondary section security see select sell send sender sent september serial serious serve service services set settings seven shares she shipping shop short should show sick side sign simple since sing sir sister site six size sleep slow small
  smart snow so social some someone something sometimes son song songs songwriter soon sorry sound south speak special spring staff standard star start state statement stay steps still stock stop store story street string strong student style subject suggested summer sun
  sunday super supply support sure suspense sweet system table take talk tax tea teacher team tell ten terms test text thank thanks that the their theater then there these they thing think third this those thought thousand three through thursday thus ticket tickets time
  times title to today together tomorrow tonight too top topic total tour town track trade traffic train transfer travel treaty tree tribute trip trouble true try tuesday turn two type under understand union unit university unlike until up update upgrade urgent us use user users usually
  vacation valid value vegan version very video view village visit voice volunteer wait waiting wake walk wall want war warm was watch water way we wear weather web website wednesday week weekend welcome well were west what when where which while white who whole why wife will
  wind window winter wisdom wish with withdraw without woman women wonderful wood word words work worker working world would write wrong year years yellow yes yesterday yet you young your zero zip zone`,
);

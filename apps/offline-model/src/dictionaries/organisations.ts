import { phraseSet, wordSet } from './words.js';

/** Legal forms and other words that end the name of an organisation. */
export const ORGANISATION_ENDINGS = wordSet(
  `inc incorporated llc llp ltd limited corp corporation co company companies group gmbh ag sa sas sarl spa srl plc nv bv ab oy oyj as asa aps kg ohg bank banking bancorp university college institute
  institution foundation association society council committee ministry agency authority bureau commission holdings holding partners partnership ventures enterprises industries solutions technologies technology systems
  insurance assurance software labs laboratories capital services consulting consultants associates brothers airlines airways motors pharmaceuticals pharma energy electric electronics networks network media
  studios entertainment records publishing press news times hospital clinic church school academy museum orchestra party union league federation federal health healthcare financial finance investments investment
  markets resources communications telecom analytics logistics retail stores hotels resorts realty properties securities trust fund advisors global international worldwide ratings transit club team cooperative`,
);

/** Well-known ones. */
export const ORGANISATIONS = phraseSet(
  `Google, Apple, Microsoft, Amazon, Facebook, Meta, IBM, Intel, AMD, Nvidia, Oracle, SAP, Cisco, Dell, HP, Hewlett-Packard, Sony, Samsung, LG, Panasonic, Toshiba, Hitachi, Huawei, Xiaomi, Lenovo, Nokia, Ericsson, Siemens, Bosch, Philips,
  Netflix, Spotify, Uber, Lyft, Airbnb, Twitter, LinkedIn, YouTube, Instagram, WhatsApp, TikTok, Snapchat, Pinterest, Reddit, Foursquare, Yelp, PayPal, Visa, Mastercard, American Express, Stripe, Square, eBay, Alibaba, Tencent, Baidu,
  Tesla, Ford, General Motors, Chrysler, Toyota, Honda, Nissan, Mazda, Subaru, Hyundai, Kia, BMW, Mercedes, Mercedes-Benz, Audi, Volkswagen, Porsche, Volvo, Renault, Peugeot, Citroën, Fiat, Ferrari, Boeing, Airbus, Lufthansa, Ryanair, Walmart, Target, Costco, IKEA, Tesco, Carrefour, Lidl, Aldi, McDonald's,
  Starbucks, Burger King, Subway, KFC, Coca-Cola, Pepsi, PepsiCo, Nestlé, Danone, Unilever, Procter & Gamble, Pfizer, Novartis, Roche, Bayer, Merck, AstraZeneca, Moderna, GlaxoSmithKline, Johnson & Johnson, Goldman Sachs, JPMorgan, JPMorgan Chase,
  Morgan Stanley, Citigroup, Citibank, Bank of America, Wells Fargo, HSBC, Barclays, UBS, Credit Suisse, Deutsche Bank, BNP Paribas, Santander, ING, Allianz, AXA, Allstate, Berkshire Hathaway, BlackRock, Fidelity, Vanguard, Deloitte, KPMG,
  PwC, Ernst & Young, Accenture, McKinsey, Capgemini, Infosys, Wipro, Disney, Warner Bros, Universal, Paramount, HBO, BBC, CNN, NBC, CBS, ABC, Reuters, Bloomberg, New York Times, Washington Post, The Guardian, NASA, FBI, CIA, NATO, UNESCO,
  UNICEF, WHO, IMF, World Bank, United Nations, European Union, Red Cross, Greenpeace, Amnesty International, Harvard, Stanford, MIT, Yale, Princeton, Zillow, Experian, Equifax, TransUnion, Reed Elsevier, Dun & Bradstreet, Verizon, AT&T, T-Mobile, Vodafone, Comcast, Adobe, Salesforce, Workday, Zoom, Slack, Dropbox, GitHub, Mozilla, Red Hat`,
);

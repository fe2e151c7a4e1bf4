import { phraseSet } from './words.js';

export const COUNTRIES = phraseSet(
  `Afghanistan, Albania, Algeria, Andorra, Angola, Argentina, Armenia, Australia, Austria, Azerbaijan, Bahamas, Bahrain, Bangladesh, Barbados, Belarus,
  Belgium, Belize, Benin, Bhutan, Bolivia, Bosnia, Bosnia and Herzegovina, Botswana, Brazil, Brunei, Bulgaria, Burkina Faso, Burundi, Cambodia, Cameroon,
  Canada, Cape Verde, Central African Republic, Chile, China, Colombia, Congo, Costa Rica, Croatia, Cuba, Cyprus, Czech Republic, Czechia, Denmark, Djibouti,
  Dominica, Dominican Republic, East Timor, Ecuador, Egypt, El Salvador, Eritrea, Estonia, Eswatini, Ethiopia, Fiji, Finland, France, Gabon, Gambia,
  Germany, Ghana, Gibraltar, Greece, Greenland, Grenada, Guatemala, Guinea, Guyana, Haiti, Honduras, Hong Kong, Hungary, Iceland, India, Indonesia, Iran,
  Iraq, Ireland, Israel, Italy, Ivory Coast, Jamaica, Japan, Jordan, Kazakhstan, Kenya, Kosovo, Kuwait, Kyrgyzstan, Laos, Latvia, Lebanon, Lesotho, Liberia,
  Libya, Liechtenstein, Lithuania, Luxembourg, Madagascar, Malawi, Malaysia, Maldives, Mali, Malta, Mauritania, Mauritius, Mexico, Moldova, Monaco, Mongolia,
  Montenegro, Morocco, Mozambique, Myanmar, Namibia, Nepal, Netherlands, The Netherlands, New Zealand, Nicaragua, Niger, Nigeria, North Korea, North Macedonia,
  Norway, Oman, Pakistan, Palestine, Panama, Papua New Guinea, Paraguay, Peru, Philippines, Poland, Portugal, Puerto Rico, Qatar, Romania, Russia, Rwanda,
  Saudi Arabia, Scotland, England, Wales, Northern Ireland, Senegal, Serbia, Seychelles, Sierra Leone, Singapore, Slovakia, Slovenia, Somalia, South Africa,
  South Korea, South Sudan, Spain, Sri Lanka, Sudan, Suriname, Sweden, Switzerland, Syria, Taiwan, Tajikistan, Tanzania, Thailand, Togo, Tonga, Trinidad and Tobago,
  Tunisia, Turkey, Turkmenistan, Uganda, Ukraine, United Arab Emirates, UAE, United Kingdom, Great Britain, Britain, UK, United States, United States of America, USA,
  U.S., U.S.A., US, Uruguay, Uzbekistan, Vatican, Venezuela, Vietnam, Yemen, Zambia, Zimbabwe, Faroe Islands, Greenlander`,
);

export const PLACES = phraseSet(
  // Cities of the world
  `Tokyo, Delhi, New Delhi, Shanghai, Beijing, Mumbai, Bombay, Osaka, Kyoto, Cairo, Dhaka, Karachi, Lahore, Istanbul, Ankara, Izmir, Buenos Aires, Kolkata, Lagos, Kinshasa, Manila,
  Rio de Janeiro, Sao Paulo, Guangzhou, Shenzhen, Tianjin, Bangalore, Bengaluru, Chennai, Hyderabad, Pune, Jakarta, Bangkok, Seoul, Busan, Lima, Bogota, Santiago, Caracas, Quito,
  Montevideo, La Paz, Asuncion, Brasilia, Salvador, Fortaleza, Recife, Curitiba, Goiania, Manaus, Belem, Porto Alegre, Belo Horizonte, Campinas, Santos, Mexico City, Guadalajara,
  Monterrey, Havana, San Juan, Panama City, Johannesburg, Cape Town, Durban, Pretoria, Nairobi, Addis Ababa, Accra, Dakar, Casablanca, Rabat, Tunis, Algiers, Tripoli, Khartoum, Tehran,
  Baghdad, Riyadh, Jeddah, Mecca, Dubai, Abu Dhabi, Doha, Kuwait City, Beirut, Damascus, Amman, Jerusalem, Tel Aviv, Haifa, Kabul, Tashkent, Almaty, Astana, Baku, Tbilisi, Yerevan,
  Hanoi, Ho Chi Minh City, Saigon, Kuala Lumpur, Taipei, Macau, Sydney, Melbourne, Brisbane, Perth, Adelaide, Canberra, Hobart, Darwin, Cairns, Auckland, Wellington, Christchurch, Dunedin`,
  // North America
  `New York, New York City, NYC, Los Angeles, Chicago, Houston, Phoenix, Philadelphia, San Antonio, San Diego, Dallas, San Jose, Austin, Jacksonville, Fort Worth, Columbus, Charlotte,
  San Francisco, Indianapolis, Seattle, Denver, Washington, Washington DC, Washington D.C., Boston, El Paso, Nashville, Detroit, Oklahoma City, Portland, Las Vegas, Memphis, Louisville,
  Baltimore, Milwaukee, Albuquerque, Tucson, Fresno, Sacramento, Kansas City, Mesa, Atlanta, Omaha, Colorado Springs, Raleigh, Miami, Oakland, Minneapolis, Tulsa, Tampa, Arlington,
  New Orleans, Wichita, Cleveland, Bakersfield, Aurora, Anaheim, Honolulu, Santa Ana, Riverside, Corpus Christi, Lexington, Stockton, Pittsburgh, Saint Paul, St. Paul, Cincinnati, Anchorage,
  Greensboro, Plano, Newark, Lincoln, Orlando, Irvine, Toledo, Jersey City, Chula Vista, Durham, Fort Wayne, St. Petersburg, Laredo, Buffalo, Madison, Lubbock, Chandler, Reno, Scottsdale,
  Glendale, Norfolk, Boise, Richmond, Spokane, Rochester, Syracuse, Hartford, Providence, Salt Lake City, Savannah, Charleston, Birmingham, Kenosha, Albany, Toronto, Montreal, Vancouver,
  Calgary, Edmonton, Ottawa, Winnipeg, Quebec, Quebec City, Hamilton, Halifax, Victoria, Saskatoon, Regina, Laval, Gatineau, Mississauga, Brampton`,
  // States and regions
  `Alabama, Alaska, Arizona, Arkansas, California, Colorado, Connecticut, Delaware, Florida, Hawaii, Idaho, Illinois, Indiana, Iowa, Kansas, Kentucky, Louisiana, Maine, Maryland,
  Massachusetts, Michigan, Minnesota, Mississippi, Missouri, Montana, Nebraska, Nevada, New Hampshire, New Jersey, New Mexico, North Carolina, North Dakota, Ohio, Oklahoma, Oregon,
  Pennsylvania, Rhode Island, South Carolina, South Dakota, Tennessee, Texas, Utah, Vermont, West Virginia, Wisconsin, Wyoming, Ontario, British Columbia, Alberta, Nova Scotia,
  Manitoba, Saskatchewan, Yorkshire, Cornwall, Kent, Essex, Sussex, Bavaria, Saxony, Tuscany, Sicily, Sardinia, Lombardy, Catalonia, Andalusia, Provence, Normandy, Brittany, Bohemia, Moravia,
  Silesia, Dalmatia, Istria, Lapland, Jutland, Zealand, Flanders, Wallonia, Tyrol, Europe, Asia, Africa, America, North America, South America, Scandinavia, Queensland, Victoria, Tasmania, Siberia`,
  // Europe
  `London, Manchester, Birmingham, Liverpool, Leeds, Glasgow, Edinburgh, Bristol, Sheffield, Cardiff, Belfast, Newcastle, Nottingham, Leicester, Coventry, Bradford, Oxford, Cambridge, York,
  Brighton, Southampton, Portsmouth, Plymouth, Aberdeen, Dundee, Swansea, Norwich, Exeter, Bath, Dublin, Cork, Galway, Limerick, Paris, Marseille, Lyon, Toulouse, Nice, Nantes, Strasbourg,
  Montpellier, Bordeaux, Lille, Rennes, Reims, Toulon, Grenoble, Dijon, Angers, Brest, Le Havre, Berlin, Hamburg, Munich, München, Cologne, Köln, Frankfurt, Stuttgart, Düsseldorf, Leipzig,
  Dortmund, Essen, Bremen, Dresden, Hanover, Hannover, Nuremberg, Nürnberg, Duisburg, Bonn, Münster, Mannheim, Karlsruhe, Augsburg, Wiesbaden, Vienna, Wien, Graz, Linz, Salzburg, Innsbruck,
  Klagenfurt, Zurich, Zürich, Geneva, Genève, Basel, Bern, Lausanne, Lucerne, Luzern, Lugano, Winterthur, St. Gallen, Rome, Roma, Milan, Milano, Naples, Napoli, Turin, Torino, Palermo, Genoa,
  Bologna, Florence, Firenze, Venice, Venezia, Verona, Bari, Catania, Padua, Trieste, Pisa, Madrid, Barcelona, Valencia, Seville, Sevilla, Zaragoza, Málaga, Murcia, Palma, Bilbao, Alicante, Córdoba,
  Granada, Vigo, Gijón, Lisbon, Lisboa, Porto, Braga, Coimbra, Faro, Setúbal, Amsterdam, Rotterdam, The Hague, Utrecht, Eindhoven, Groningen, Tilburg, Breda, Nijmegen, Haarlem, Leiden, Delft,
  Brussels, Bruxelles, Antwerp, Antwerpen, Ghent, Gent, Bruges, Brugge, Liège, Charleroi, Namur, Leuven, Copenhagen, København, Aarhus, Odense, Aalborg, Esbjerg, Roskilde, Stockholm, Gothenburg,
  Göteborg, Malmö, Uppsala, Västerås, Örebro, Linköping, Lund, Oslo, Bergen, Trondheim, Stavanger, Tromsø, Bodø, Kristiansand, Ålesund, Drammen, Helsinki, Espoo, Tampere, Turku, Oulu, Vantaa, Lahti,
  Kuopio, Jyväskylä, Lappeenranta, Seinäjoki, Vaasa, Rovaniemi, Reykjavík, Reykjavik, Akureyri, Nuuk, Tallinn, Tartu, Narva, Pärnu, Riga, Daugavpils, Vilnius, Kaunas, Klaipėda, Warsaw, Warszawa, Kraków,
  Krakow, Łódź, Wrocław, Poznań, Gdańsk, Szczecin, Lublin, Katowice, Białystok, Gdynia, Częstochowa, Toruń, Prague, Praha, Brno, Ostrava, Plzeň, Olomouc, Liberec, Bratislava, Košice, Budapest, Debrecen,
  Szeged, Miskolc, Pécs, Győr, Eger, Ljubljana, Maribor, Celje, Kranj, Koper, Zagreb, Split, Rijeka, Osijek, Zadar, Pula, Dubrovnik, Belgrade, Beograd, Novi Sad, Niš, Sarajevo, Mostar, Skopje, Podgorica,
  Tirana, Pristina, Sofia, Plovdiv, Varna, Bucharest, București, Cluj-Napoca, Timișoara, Iași, Athens, Thessaloniki, Patras, Heraklion, Nicosia, Limassol, Larnaca, Paphos, Λευκωσία, Λεμεσός, Valletta,
  Moscow, Saint Petersburg, Novosibirsk, Kazan, Samara, Omsk, Rostov, Sochi, Vladivostok, Kyiv, Kiev, Lviv, Odessa, Odesa, Kharkiv, Minsk, Grozny, Chisinau, Luxembourg City, Vaduz, San Marino`,
);

export const NATIONALITIES = phraseSet(
  `Afghan, Albanian, Algerian, American, Andorran, Angolan, Argentine, Argentinian, Armenian, Australian, Austrian, Azerbaijani, Bahamian, Bahraini, Bangladeshi, Barbadian, Belarusian, Belgian, Belizean,
  Bolivian, Bosnian, Brazilian, British, Bulgarian, Burmese, Cambodian, Cameroonian, Canadian, Catalan, Chechen, Chilean, Chinese, Colombian, Congolese, Costa Rican, Croat, Croatian, Cuban, Cypriot, Czech, Dane, Danish,
  Dominican, Dutch, Ecuadorean, Ecuadorian, Egyptian, Emirati, English, Eritrean, Estonian, Ethiopian, Fijian, Filipino, Finn, Finnish, French, Frenchman, Gabonese, Georgian, German, Ghanaian, Greek, Grenadian,
  Guatemalan, Guinean, Haitian, Honduran, Hungarian, Icelander, Icelandic, Indian, Indonesian, Iranian, Iraqi, Irish, Irishman, Israeli, Italian, Ivorian, Jamaican, Japanese, Jordanian, Kazakh, Kenyan, Korean, Kosovar,
  Kurd, Kurdish, Kuwaiti, Laotian, Latvian, Lebanese, Liberian, Libyan, Lithuanian, Luxembourger, Macedonian, Malagasy, Malaysian, Maltese, Mauritian, Mexican, Moldovan, Mongolian, Montenegrin, Moroccan, Mozambican,
  Namibian, Nepalese, Nepali, New Zealander, Nicaraguan, Nigerian, Norwegian, Omani, Pakistani, Palestinian, Panamanian, Paraguayan, Persian, Peruvian, Pole, Polish, Portuguese, Puerto Rican, Qatari, Romanian, Russian,
  Rwandan, Salvadoran, Saudi, Scot, Scottish, Senegalese, Serb, Serbian, Singaporean, Slovak, Slovakian, Slovene, Slovenian, Somali, South African, Spaniard, Spanish, Sri Lankan, Sudanese, Swede, Swedish, Swiss, Syrian,
  Taiwanese, Tajik, Tanzanian, Thai, Tibetan, Trinidadian, Tunisian, Turk, Turkish, Turkmen, Ugandan, Ukrainian, Uruguayan, Uzbek, Venezuelan, Vietnamese, Welsh, Welshman, Yemeni, Zambian, Zimbabwean, Scandinavian, European,
  African, Asian, Latino, Hispanic, Arab, Arabic, Jewish, Jew, Christian, Catholic, Protestant, Orthodox, Anglican, Lutheran, Methodist, Baptist, Mormon, Evangelical, Muslim, Moslem, Islamic, Sunni, Sunnis, Shia, Shias, Shiite, Shi'ite, Hindu, Buddhist,
  Sikh, Atheist, Republican, Democrat, Roma, Sami, Basque, Inuit, Maori, Caucasian`,
);

import { wordSet } from './words.js';

/** Family names that are common in the same countries as the first names. */
export const LAST_NAMES = wordSet(
  `Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson Anderson Thomas Taylor Moore
  Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill
  Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins
  Reyes Stewart Morris Morales Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward
  Richardson Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo Sanders Patel Myers Long Ross Foster
  Jimenez Powell Jenkins Perry Russell Sullivan Bell Coleman Butler Henderson Barnes Gonzales Fisher Vasquez Simmons Romero Jordan Patterson
  Alexander Hamilton Graham Reynolds Griffin Wallace Moreno West Cole Hayes Bryant Herrera Gibson Ellis Tran Medina Aguilar Stevens Murray
  Ford Castro Marshall Owens Harrison Fernandez McDonald Woods Washington Kennedy Wells Vargas Henry Chen Freeman Webb Tucker Guzman Burns
  Crawford Olson Simpson Porter Hunter Gordon Mendez Silva Shaw Snyder Mason Dixon Munoz Hunt Hicks Holmes Palmer Wagner Black Robertson Boyd
  Stone Salazar Fox Warren Mills Meyer Rice Schmidt Garza Daniels Ferguson Nichols Stephens Soto Weaver Ryan Gardner Payne Grant Dunn Kelley
  Spencer Hawkins Arnold Pierce Hansen Peters Santos Hart Bradley Knight Elliott Cunningham Duncan Armstrong Hudson Carroll Lane Riley Andrews
  Alvarado Ray Delgado Berry Perkins Hoffman Johnston Matthews Pena Richards Contreras Willis Carpenter Lawrence Sandoval Guerrero George
  Chapman Rios Estrada Ortega Watkins Greene Nunez Wheeler Valdez Harper Burke Larson Santiago Maldonado Morrison Franklin Carlson Austin
  Dominguez Carr Lawson Jacobs OBrien Lynch Singh Vega Bishop Montgomery Oliver Jensen Harvey Williamson Gilbert Dean Sims Espinoza Howell Li
  Wong Reid Hanson Le McCoy Garrett Burton Fuller Wang Weber Welch Rojas Lucas Marquez Fields Park Yang Little Banks Padilla Day Walsh Bowman
  Schultz Luna Fowler Mejia Davidson Acosta Brewer May Holland Juarez Newman Pearson Curtis Cortez Douglas Schneider Joseph Barrett Navarro
  Figueroa Keller Avila Wade Molina Stanley Hopkins Campos Barnett Bates Chambers Caldwell Beck Lambert Miranda Byrd Craig Ayala Lowe Frazier
  Powers Neal Leonard Gregory Carrillo Sutton Fleming Rhodes Shelton Schwartz Norris Jennings Rios Watts Duran Walters Cohen McDaniel Talbot
  Dawson Pritchard Hargreaves Barlow Atkinson Whitehead Holt Hodgson Sinclair MacDonald MacLeod Fraser Cameron Sutherland Byrne Doyle Gallagher
  OConnor ONeill OSullivan OReilly Kavanagh Brennan Quinn Nolan Fitzgerald Dempsey McDowell McCarthy Hale Dale Drake Blake Bond Marlowe Weeks`,
  `Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz
  Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Schmitz Krause Meier Lehmann Schmid Schulze Maier Köhler Herrmann König Walter
  Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz
  Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt Stein Jäger Otto Sommer Groß Seidel Heinrich
  Brandt Haas Schreiber Graf Dietrich Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann Thomas Voigt Sauer Arnold Wolff Pfeiffer Gruber Steiner Moser
  Egger Pichler Hofer Eder Leitner Himmel Beike Frei Gerber Zürcher Baumgartner Brunner Aebi Bärtschi Ackermann Achen Eisenhauer Ebersbach`,
  `Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefebvre Michel Garcia David Bertrand Roux Vincent Fournier
  Morel Girard André Lefèvre Mercier Dupont Lambert Bonnet François Martinez Legrand Garnier Faure Rousseau Blanc Guérin Muller Henry Roussel Nicolas
  Perrin Morin Mathieu Clément Gauthier Dumont Lopez Fontaine Chevalier Robin Masson Sanchez Gérard Nguyen Boyer Denis Lemaire Duval Joly Gautier
  Roger Roche Roy Noël Meyer Lucas Meunier Jean Perez Marchand Dufour Blanchard Marie Barbier Brun Dumas Brunet Schmitt Leroux Colin Fernandez
  Peeters Janssens Maes Jacobs Mertens Willems Claes Goossens Wouters DeSmet Lemieux Tremblay Gagnon Bouchard Côté Pelletier Bizier Caron`,
  `García Fernández González Rodríguez López Martínez Sánchez Pérez Martín Gómez Ruiz Hernández Jiménez Díaz Álvarez Moreno Muñoz Alonso Gutiérrez
  Romero Navarro Torres Domínguez Gil Vázquez Serrano Ramos Blanco Sanz Castro Suárez Ortega Rubio Molina Delgado Ramírez Morales Ortiz Marín Iglesias
  Santos Castillo Garrido Calvo Peña Cruz Cano Núñez Prieto Díez Lozano Vidal Pascual Ferrer Medina Vega León Herrero Vicente Méndez Guerrero Fuentes
  Campos Nieto Cortés Caballero Ibáñez Lorenzo Pastor Giménez Saez Soler Marquez Benítez Gallego Cabrera Carrasco Hidalgo Meza Montoya Otero Rosario
  Silva Santos Ferreira Pereira Oliveira Costa Rodrigues Martins Jesus Sousa Fernandes Gonçalves Gomes Lopes Marques Alves Almeida Ribeiro Pinto
  Carvalho Teixeira Moreira Correia Mendes Nunes Soares Vieira Monteiro Cardoso Rocha Raposo Neves Coelho Cruz Cunha Pires Ramos Reis Simões Antunes
  Matos Fonseca Machado Araújo Barbosa Tavares Lourenço Azevedo Dias Barros Castro Souza Lima Cavalcanti Melo Melgarejo Pinheiro Batista Nascimento`,
  `Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti DeLuca Mancini Costa Giordano Rizzo Lombardi Moretti
  Barbieri Fontana Santoro Mariani Rinaldi Caruso Ferrara Galli Martini Leone Longo Gentile Martinelli Vitale Lombardo Serra Coppola DeSantis Marchetti
  Parisi Villa Conte Ferraro Ferri Fabbri Bianco Marini Grasso Valentini Messina Sala DeAngelis Gatti Pellegrini Palumbo Sanna Farina Rizzi Monti Cattaneo
  Morelli Amato Silvestri Mazza Mazzi Testa Grassi Pellegrino Carbone Giuliani Benedetti Barone Rossetti Caputo Montanari Guerra Palmieri Bernardi Angelo
  deJong Jansen deVries vandenBerg vanDijk Bakker Janssen Visser Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Brouwer deWit Dijkstra Smits Kok`,
  `Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Pettersson Jonsson Jansson Hansson Bengtsson Lindberg
  Jakobsson Magnusson Lindström Olofsson Lindqvist Lindgren Berg Axelsson Bergström Lundberg Lind Lundgren Mattsson Berglund Fredriksson Sandberg
  Hansen Johansen Olsen Larsen Andersen Pedersen Nilsen Kristiansen Jensen Karlsen Johnsen Pettersen Eriksen Berg Haugen Hagen Johannessen Dahl Halvorsen
  Jacobsen Lund Solberg Moen Strand Nielsen Christensen Sørensen Rasmussen Jørgensen Petersen Madsen Kristensen Thomsen Christiansen Poulsen Knudsen
  Mortensen Møller Bertelsen Steffensen Mikkelsen Frederiksen Laursen Holm Schmidt Lauritsen Korhonen Virtanen Mäkinen Nieminen Mäkelä Hämäläinen Laine
  Heikkinen Koskinen Järvinen Lehtonen Lehtinen Saarinen Salminen Heinonen Niemi Heikkilä Salonen Kinnunen Turunen Salo Laitinen Tuominen Rantanen Karjalainen
  Jónsson Sigurðsson Guðmundsson Gunnarsson Einarsson Magnússon Ólafsson Kristjánsson Tamm Saar Sepp Mägi Kask Kukk Rebane Ilves Pärn Koppel Varvio Kasslin`,
  `Nowak Kowalski Kowalska Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski Jankowski Mazur Wojciechowski
  Kwiatkowski Krawczyk Kaczmarek Piotrowski Grabowski Zając Pawłowski Michalski Król Wieczorek Jabłoński Wróbel Nowakowski Majewski Olszewski Stępień Malinowski
  Jaworski Adamczyk Dudek Nowicki Pawlak Górski Witkowski Walczak Sikora Baran Rutkowski Michalak Szewczyk Ostrowski Tomaszewski Pietrzak Zalewski Chmielewski
  Novák Svoboda Novotný Dvořák Černý Procházka Kučera Veselý Horák Němec Pokorný Pospíšil Hájek Jelínek Král Růžička Beneš Fiala Sedláček Doležal Zeman Kolář
  Krejčí Navrátil Čermák Vaněk Urban Blažek Kříž Kovář Bartoš Vlček Musil Kopecký Šimek Konečný Malý Holub Štěpánek Staněk Zadina Horváth Kováč Varga Tóth Nagy
  Szabó Kovács Kiss Molnár Németh Farkas Balogh Papp Takács Juhász Lakatos Mészáros Oláh Simon Rácz Fekete Szilágyi Török Fehér Balázs Gál Szűcs Kocsis Pintér Orsós
  Fodor Szalai Sipos Magyar Lukács Gulyás Bíró Király Katona László Jakab Bogdán Boros Sándor Kelemen Antal Somogyi Fazekas Váradi Hegedűs Szöllösy Antall Halmos`,
  `Horvat Kovačević Babić Marić Jurić Novak Kovačić Knežević Vuković Marković Petrović Matić Tomić Pavlović Kovač Božić Blažević Grgić Pavić Radić Perić Filipović
  Šarić Lovrić Vidović Perković Popović Bošnjak Jukić Barišić Jovanović Nikolić Đorđević Ilić Stojanović Milošević Stanković Zupančič Krajnc Potočnik Kralj Golob
  Ivanov Ivanova Smirnov Kuznetsov Popov Vasiliev Petrov Sokolov Mikhailov Novikov Fedorov Morozov Volkov Alekseev Lebedev Semenov Egorov Pavlov Kozlov Stepanov
  Nikolaev Orlov Andreev Makarov Nikitin Zakharov Zaytsev Solovyov Borisov Yakovlev Grigoriev Romanov Vorobyov Sergeev Kuzmin Frolov Alexandrov Dmitriev Korolev
  Gusev Kiselev Ilyin Maksimov Polyakov Sorokin Vinogradov Kovalev Belov Medvedev Antonov Tarasov Zhukov Baranov Filippov Komarov Davydov Belyaev Gerasimov Bogdanov
  Yilmaz Kaya Demir Çelik Şahin Yıldız Öztürk Aydin Papadopoulos Georgiou Christou Ioannou Popescu Ionescu Popa Khan Ahmed Ali Hussain Hassan Mohamed Ibrahim
  Sharma Verma Gupta Kumar Singh Mehta Shah Reddy Rao Iyer Das Chatterjee Banerjee Zhang Liu Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo Lin Tanaka Suzuki Sato
  Takahashi Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Sasaki Nishiyama Mori Abe Ikeda Hashimoto Ishikawa Choi Jung Kang Cho Yoon Lim Okafor
  Mensah Diallo Traore Mwangi Otieno Nkosi Dlamini Adeyemi Okonkwo Kovalenko Shevchenko Bondarenko Tkachenko Melnyk Kravchenko`,
  // More of Africa and Asia
  `Achebe Adichie Agu Anozie Azikiwe Chukwu Ekwueme Eze Ezeudu Igwe Iwu Mbadinuju Nnamani Nwosu Nwoye Obi Obiora Odili Ojukwu Okeke Okoro Onwuka Onyeka Udeh Uzochukwu Abraham Asfaha Berhe Gebremedhin Gebreselassie Habte Kahsay Negash Tekle
  Tesfay Woldu Yemane Bekele Tadesse Tessema Abdi Farah Hassan Hussein Mohamud Banda Chanda Kamara Koroma Sesay Toure Keita Ndiaye Diop Sow Ba Cisse Ahmadi Bagheri Ebrahimi Ghasemi Hashemi Heydari Hosseini Jafari Karimi Kazemi Mohammadi Moradi
  Mousavi Rahimi Rezaei Sadeghi Salehi Shirazi Tehrani Zand Antoun Asfour Awad Baz Boulos Bishara Cham Daher Fakhoury Gerges Haik Handal Kanaan Khoury Maalouf Malouf Mansour Nahas Nassar Nazari Qureshi Rahal Saba Sabbag Safar Said Salib Samaha
  Sarraf Sayegh Sayed Shadid Shalhoub Shamon Srour Tahan Totah Wasem Zogby Nguyen Tran Pham Hoang Phan Vu Dang Bui Ngo Duong Truong Trinh Lam Ly Ha Mai Dao Doan Dinh Quach Luu Cai Chiu Chien Fan Fang Feng Hsieh Hsu Hung Jiang Kung Liao Lo Lung Meng
  Pai Shen Tai Tang Teng Tsai Tseng Tuan Tung Yeh Yuan Yao Ishii Endo Fujita Goto Hasegawa Inoue Kimura Kondo Maeda Matsumoto Miura Murakami Nakajima Nishimura Ogawa Okada Ota Saito Sakamoto Shimizu Takeuchi Ueda Wada Yamaguchi Yamashita Rattanakosin
  Saetang Srisai Suksawat Gakaev Dudaev Maskhadov Kadyrov Zakaev`,
);

/** Endings that make a capitalised word a family name more likely than not. */
export const NAME_ENDING =
  /(?:ová|ova|eva|ina|ski|ska|sky|ský|cki|cka|ić|ič|ov|ev|enko|czyk|czak|iak|nen|sson|sdóttir|dottir|sen|son|ez|oğlu|oglu|opoulos|idis|akis|escu|yan|dze|shvili|ström|qvist|berg|gaard|stra|ssen|mann|meyer|bauer|burger|elli|etti|ini|ucci|eiro|eira|aev|aeva|sý|vá)$/u;

import { wordSet } from './words.js';

/** First names that are common in the countries of Europe, the Americas and a part of Asia and Africa. */
export const FIRST_NAMES = wordSet(
  // English
  `James John Robert Michael William David Richard Joseph Thomas Charles Christopher Daniel Matthew Anthony Mark Donald Steven Paul
  Andrew Joshua Kenneth Kevin Brian George Edward Ronald Timothy Jason Jeffrey Ryan Jacob Gary Nicholas Eric Jonathan Stephen Larry
  Justin Scott Brandon Benjamin Samuel Gregory Frank Alexander Raymond Patrick Jack Dennis Jerry Tyler Aaron Jose Henry Adam Douglas
  Nathan Peter Zachary Kyle Walter Harold Jeremy Ethan Carl Keith Roger Gerald Christian Terry Sean Arthur Austin Noah Lawrence Jesse
  Joe Bryan Billy Jordan Albert Dylan Bruce Willie Gabriel Alan Juan Logan Wayne Ralph Roy Eugene Randy Vincent Russell Louis Philip
  Bobby Johnny Bradley Leonard Oliver Harry Leo Alfie Archie Freddie Theo Liam Mason Elijah Lucas Owen Caleb Isaac Luke Connor Hunter
  Evan Cameron Cole Ian Graham Nigel Trevor Colin Stuart Craig Neil Simon Duncan Angus Ewan Callum Rory Fergus Declan Brendan Niall
  Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Lisa Nancy Betty Margaret Sandra Ashley Kimberly Emily Donna
  Michelle Carol Amanda Dorothy Melissa Deborah Stephanie Rebecca Sharon Laura Cynthia Kathleen Amy Angela Shirley Anna Brenda Pamela
  Emma Nicole Helen Samantha Katherine Christine Debra Rachel Carolyn Janet Catherine Maria Heather Diane Ruth Julie Olivia Joyce
  Virginia Victoria Kelly Lauren Christina Joan Evelyn Judith Megan Andrea Cheryl Hannah Jacqueline Martha Gloria Teresa Ann Sara
  Madison Frances Kathryn Janice Jean Abigail Alice Judy Sophia Grace Denise Amber Doris Marilyn Danielle Beverly Isabella Theresa
  Diana Natalie Brittany Charlotte Marie Kayla Alexis Lori Tiffany Tracy Terri Jodi Jill Wendy Holly Gail Tina Dawn Robin Erin Shannon
  Chloe Lily Ava Mia Ella Zoe Lucy Freya Poppy Daisy Ruby Molly Millie Amelia Harriet Eleanor Georgia Fiona Kirsty Eilidh Siobhan Aoife
  Niamh Ciara Sue Peggy Bonnie Crystal Vanessa Veronica Monica Erica Katie Kate Jenny Becky Sally Anne Penny Hazel Ivy Rose Violet Iris
  Tom Tim Jim Bob Bill Mike Dave Dan Ben Sam Nick Chris Steve Matt Tony Greg Jeff Ken Ron Ted Fred Max Alex Charlie Jamie Danny Jimmy
  Walt Earl Clarence Ernest Stanley Norman Clifford Howard Herbert Lester Melvin Floyd Leroy Travis Chad Derek Dustin Corey Shane Marcus
  Curtis Warren Todd Glenn Darren Lee Dale Ray Carlos Manuel Tammy Crystal Gina Phyllis Norma Paula Annie Lillian Robyn Tara April June
  May Caitlyn Caitlin Kaitlyn Hailey Nathaniel Sebastian Dominic Abby Kim Kathy Cathy Debbie Sheila Maureen Eileen Lorraine Yvonne`,
  // German, Austrian, Swiss
  `Hans Peter Wolfgang Klaus Jürgen Dieter Manfred Uwe Günter Günther Horst Bernd Karl Heinz Werner Helmut Gerhard Matthias Stefan
  Andreas Thomas Markus Jens Torsten Thorsten Sven Jan Lars Tobias Florian Felix Lukas Jonas Leon Finn Paul Maximilian Moritz Philipp
  Fabian Dominik Ralf Rolf Rainer Reiner Ulrich Frank Jörg Holger Volker Detlef Fritz Friedrich Wilhelm Otto Ludwig Johann Johannes Georg
  Franz Josef Kurt Ernst Hermann Rudolf Anton Alois Urs Reto Beat Ueli Swen Mario Marcel Kevin Dirk Olaf Heiko Steffen Marko Kristian
  Ursula Monika Petra Sabine Renate Helga Karin Brigitte Ingrid Erika Andrea Gisela Claudia Susanne Gabriele Christa Heike Birgit Angelika
  Barbara Martina Anja Katrin Kathrin Silke Tanja Nadine Stefanie Jana Julia Sandra Melanie Katharina Anke Ute Ines Doreen Manuela Jutta
  Lena Leonie Lea Mia Emilia Sophie Frieda Greta Heidi Gertrud Hannelore Ilse Elke Kerstin Marina Antje Ulrike Vanessa Laura Lisa Johanna`,
  // French, Belgian
  `Jean Pierre Michel André Philippe Alain Jacques Bernard Nicolas François Frédéric Olivier Laurent Christophe Pascal Thierry Éric Julien
  Stéphane Guillaume Sébastien Antoine Alexandre Maxime Mathieu Thibault Vincent Hugo Louis Jules Arthur Gabriel Raphaël Lucas Léo Baptiste
  Clément Quentin Romain Benoît Yves Gilles Didier Serge Dominique Marcel Henri René Gérard Roland Claude Émile Victor Gaston Fabrice Hervé
  Marie Nathalie Isabelle Sylvie Catherine Françoise Monique Christine Jacqueline Véronique Valérie Sandrine Stéphanie Céline Émilie Camille
  Chloé Léa Manon Julie Pauline Mathilde Juliette Margaux Élodie Aurélie Delphine Laetitia Virginie Brigitte Colette Simone Yvette Odette
  Amélie Agathe Élise Claire Hélène Anaïs Inès Jeanne Louise Alice Zoé Gaëlle Solange Geneviève Paulette Denise Suzanne Fleurette`,
  // Spanish, Portuguese, Latin American
  `Antonio Manuel José Francisco David Juan Javier Daniel Jesús Carlos Alejandro Miguel Rafael Pedro Ángel Pablo Sergio Fernando Jorge Luis
  Alberto Álvaro Diego Adrián Raúl Enrique Ramón Vicente Iván Rubén Óscar Andrés Joaquín Santiago Eduardo Víctor Roberto Jaime Mario Ignacio
  Marcos Alfonso Salvador Ricardo Emilio Hugo Gonzalo Guillermo Julio Julián Tomás Agustín Martín Nicolás Felipe Esteban Mateo Gustavo Hernán
  Carmen Josefa Isabel Dolores Pilar Teresa Ana Francisca Laura Antonia Mercedes Cristina Marta Lucía María Elena Concepción Rosa Manuela
  Rosario Paula Juana Raquel Encarnación Beatriz Rocío Patricia Irene Andrea Montserrat Silvia Inés Alicia Sonia Sandra Susana Marina Yolanda
  Natalia Margarita Eva Claudia Esther Noelia Verónica Ángela Carolina Nuria Lorena Alba Ximena Valentina Camila Gabriela Daniela Fernanda
  João António Paulo Pedro Rui Nuno Tiago Luís Fábio Bruno Gonçalo Duarte Vasco Afonso Martim Rodrigo Leonardo Caio Thiago Vinícius Matheus
  Luiz Otávio Renan Murilo Guilherme Kauã Diogo Vitor Igor Davi Enzo Arthur Joana Catarina Inês Mariana Leonor Matilde Beatriz Júlia Letícia
  Larissa Amanda Bruna Vitória Rafaela Gabrielly Luiza Isabela Fernanda Tânia Sónia Sofia Carla Rita Luana Bianca Melissa Julieta Evelyn`,
  // Italian
  `Giuseppe Giovanni Antonio Mario Luigi Francesco Angelo Vincenzo Pietro Salvatore Carlo Franco Domenico Bruno Paolo Michele Giorgio Aldo
  Sergio Luciano Andrea Marco Alessandro Matteo Lorenzo Davide Simone Luca Federico Riccardo Stefano Roberto Fabio Alberto Massimo Claudio
  Daniele Enrico Gianluca Giacomo Tommaso Filippo Emanuele Edoardo Gabriele Cesare Renato Umberto Silvio Dario Leone Quarto Amadeo Ugo
  Anna Giuseppina Rosa Angela Giovanna Teresa Lucia Carmela Caterina Francesca Antonietta Carla Elena Concetta Rita Margherita Franca Paola
  Giulia Chiara Sara Martina Alessia Silvia Elisa Ilaria Valentina Federica Giorgia Serena Michela Arianna Beatrice Alessandra Simona Milena
  Gemma Aurora Ginevra Bianca Camilla Noemi Lidia Luisa Ornella Patrizia Raffaella Roberta Tiziana Viola Donatella Fiorella Graziella`,
  // Dutch, Nordic
  `Jan Pieter Johannes Cornelis Hendrik Willem Gerrit Kees Piet Henk Wim Joop Sander Bas Jeroen Daan Sem Bram Thijs Lars Ruben Joost Maarten
  Anouk Femke Sanne Lotte Fleur Marieke Anneke Ineke Saskia Wilhelmina Johanna Geertje Maaike Tess Roos Evi Noor Griet Katrien Veerle Els
  Lars Anders Per Nils Erik Johan Karl Mikael Sven Olof Fredrik Magnus Mats Ulf Göran Gustav Oskar Axel Hugo Elias Emil Viktor Björn Leif
  Ola Bjørn Odd Arne Kjell Knut Svein Tor Geir Rune Morten Øyvind Håkon Håvard Eirik Sindre Kristoffer Jonas Mathias Markus Magne Henrik
  Christian Rasmus Mads Søren Jens Peter Niels Hans Jørgen Kasper Mikkel Frederik Christoffer Nikolaj Emil Oliver Tobias Malthe Villads Aksel
  Anna Eva Karin Kristina Lena Emma Ingrid Birgitta Elin Sara Ida Elsa Astrid Maja Ebba Wilma Saga Linnea Agnes Signe Freja Alma Josefine
  Kari Anne Ingeborg Solveig Marit Liv Randi Nora Sofie Thea Silje Hanne Kirsten Mette Lone Pia Karen Inger Bente Gitte Lene Rikke Camilla
  Kaija Juhani Matti Timo Juha Kari Mikko Jari Antti Pekka Markku Hannu Heikki Jukka Seppo Janne Ville Jussi Eero Olavi Tapani Toivo Veikko
  Maria Helena Johanna Anneli Kaarina Marjatta Kristiina Liisa Tuulikki Ritva Leena Päivi Tiina Sari Minna Aino Helmi Eeva Pirkko Riitta Sanna
  Jón Sigurður Guðmundur Gunnar Ólafur Einar Magnús Kristján Stefán Jóhann Björn Árni Bjarni Erlendur Þór Haukur Guðrún Anna Sigríður Kristín
  Margrét Helga Sigrún Ingibjörg Jóhanna Katrín Hildur Rakel Birna Ragnheiður Ásta Toomas Andres Rein Jüri Urmas Margus Tiit Priit Katrin Piret`,
  // Polish, Czech, Slovak
  `Piotr Krzysztof Andrzej Tomasz Paweł Jan Michał Marcin Jakub Adam Marek Grzegorz Łukasz Wojciech Mateusz Stanisław Zbigniew Mariusz Dariusz
  Rafał Maciej Kamil Jacek Jerzy Kazimierz Henryk Bartosz Szymon Dawid Tadeusz Ryszard Sławomir Zygmunt Bonifacy Bogusław Czesław Leszek Wit
  Katarzyna Małgorzata Agnieszka Krystyna Barbara Ewa Elżbieta Zofia Teresa Magdalena Joanna Janina Monika Danuta Jadwiga Aleksandra Halina
  Irena Beata Marta Dorota Helena Karolina Grażyna Jolanta Iwona Marianna Natalia Zuzanna Oliwia Wiktoria Weronika Sylwia Justyna Bożena Lena
  Jiří Petr Josef Pavel Martin Tomáš Jaroslav Miroslav Zdeněk Václav Michal František Jakub Milan Karel Lukáš David Ladislav Ondřej Vladimír
  Stanislav Roman Marek Radek Daniel Antonín Vojtěch Filip Matěj Jonáš Luděk Bohumil Oldřich Vlastimil Štefan Ján Jozef Peter Juraj Ľubomír
  Jana Marie Eva Hana Anna Lenka Kateřina Lucie Věra Alena Petra Jaroslava Tereza Martina Jitka Helena Ludmila Zdeňka Ivana Monika Marcela
  Zuzana Jarmila Michaela Barbora Veronika Šárka Růžena Dana Božena Klára Markéta Simona Dominika Adéla Nikola Radka Blanka Žaneta Milada`,
  // Hungarian
  `László István József János Zoltán Sándor Gábor Ferenc Attila Péter Tamás Zsolt Tibor András Csaba Imre Lajos György Balázs Gyula Mihály
  Károly Róbert Béla Dániel Ádám Krisztián Miklós Norbert Dávid Bence Máté Levente Áron Milán Gergely Márk Botond Dominik Kornél Szilárd Ernő
  Mária Erzsébet Katalin Ilona Éva Anna Zsuzsanna Margit Judit Ágnes Andrea Julianna Erika Krisztina Ildikó Irén Eszter Magdolna Mónika Edit
  Gabriella Szilvia Anita Piroska Zsófia Tímea Viktória Anikó Hanna Boglárka Nóra Réka Janka Csilla Emese Noémi Klára Rozália Etelka Veronika`,
  // Slavic of the south and east, Baltic
  `Ivan Marko Josip Stjepan Luka Ante Nikola Tomislav Željko Mario Petar Zoran Goran Dragan Milan Dejan Aleksandar Vladimir Nenad Miloš Stefan
  Bojan Slobodan Branko Zdravko Franc Janez Andrej Jože Marjan Matej Rok Žan Blaž Jure Miha Gregor Igor Boris Amadej Luka Aljaž Tadej Uroš
  Ana Marija Ivana Mirjana Katarina Nada Dragica Jelena Jasmina Vesna Snežana Milica Ljiljana Gordana Dragana Biljana Tatjana Maja Nataša Mojca
  Irena Sonja Andreja Petra Barbara Nina Tina Urška Špela Eva Zala Lara Vinka Zdenka Ružica Lucija Petra Mia Sara Lana Dora Ema Rita Donka Rubija
  Aleksandr Sergey Sergei Dmitry Dmitri Andrey Andrei Alexey Aleksei Alexei Maxim Mikhail Nikolay Nikolai Vladimir Ivan Igor Oleg Yuri Yury Viktor
  Pavel Anatoly Konstantin Boris Roman Artem Denis Anton Kirill Ilya Egor Gleb Timur Ruslan Vadim Stanislav Valery Vitaly Leonid Georgy Grigory
  Olga Elena Yelena Natalia Natalya Tatiana Tatyana Irina Anna Maria Svetlana Ekaterina Yekaterina Marina Galina Lyudmila Ludmila Valentina Nina
  Nadezhda Vera Lyubov Larisa Oksana Yulia Julia Anastasia Ksenia Alina Polina Darya Daria Alexandra Victoria Faina Zinaida Raisa Tamara Zoya Inna
  Jonas Antanas Vytautas Kazys Juozas Andrius Darius Tomas Mindaugas Jānis Andris Juris Edgars Māris Ilze Inese Dace Kristīne Aija Ingrīda`,
  // Greek, Romanian, Turkish, Arabic, Persian, Chechen
  `Georgios Giorgos Dimitrios Dimitris Konstantinos Kostas Ioannis Yannis Nikolaos Nikos Christos Panagiotis Vasilis Athanasios Eleni Katerina
  Vasiliki Sofia Angeliki Georgia Dimitra Konstantina Despina Ion Gheorghe Vasile Constantin Nicolae Mihai Andrei Cristian Florin Adrian Marius
  Ioana Elena Mihaela Alexandra Cristina Gabriela Simona Mehmet Mustafa Ahmet Ali Hüseyin Hasan İbrahim Ismail Osman Yusuf Murat Emre Burak Fatma
  Ayşe Emine Hatice Zeynep Elif Meryem Mohammed Muhammad Mohamed Ahmed Mahmoud Omar Khaled Hassan Hussein Ibrahim Youssef Karim Tariq Samir Walid
  Rashid Faisal Abdullah Abdul Hamza Bilal Said Nasser Jamal Fatima Aisha Amina Layla Leila Noor Nour Yasmin Zainab Khadija Mariam Rania Salma Huda
  Reza Amir Farhad Darius Cyrus Shirin Parisa Nasrin Azadeh Aslan Zelimkhan Ramzan Shamil Isa Musa Umar Ibragim Adlan Zulai Malika Zarema`,
  // Indian, Chinese, Japanese, Korean, African
  `Raj Rahul Amit Sanjay Vijay Anil Sunil Rajesh Ramesh Suresh Arjun Rohan Vikram Ravi Deepak Ashok Krishna Aditya Arun Manoj Priya Anjali Pooja
  Neha Sunita Kavita Divya Lakshmi Meera Anita Nisha Shreya Ananya Wei Ming Jun Hui Xiaoming Mei Ying Yan Hiroshi Takashi Kenji Haruto Yuto Sota
  Kazuki Daiki Akira Satoshi Makoto Yuki Hana Sakura Yui Aoi Haruka Naoko Yoko Keiko Tomomi Akiko Michiko Ichiro Taro Hanako Yumi Emi Kaori Ayumi
  Minho Jihoon Jiwoo Seoyeon Minji Soojin Kwame Kofi Chidi Emeka Ngozi Amara Oluwaseun Adebayo Chinua Thabo Sipho Nomsa Wanjiru Kamau Fatou Mamadou`,
  // More of Europe: Slovenia, Croatia, Czechia, Hungary, Poland, the North, the Low Countries, the South
  `Alenka Alojz Anže Barbara Blaž Bojan Boris Borut Branko Breda Damjan Darja Dejan Drago Dušan Erika Franc Franci Gašper Gregor Irena Janez Janko Jasna Jernej Jožef Jure Katarina
  Klemen Ksenija Ljudmila Luka Majda Marija Marjan Marjeta Matej Mateja Matjaž Metka Miha Milan Mirko Mojca Nada Nataša Nejc Nevenka Nika Petra Polona Primož Rok Saša Silva
  Simona Slavko Sonja Špela Stanislav Suzana Tanja Tatjana Tilen Tjaša Tomaž Urška Uroš Valentina Vesna Vida Zdenka Zoran Žan Žiga Ante Ankica Božo Davor Domagoj Dražen Gordana
  Hrvoje Ivica Josip Krešimir Krunoslav Marica Mirjana Mladen Nenad Ruža Slavica Stipe Tihomir Tomislav Vlado Vjekoslav Zlatko Željko Bohumil Božena Dagmar Drahomíra Hedvika
  Jarmila Jaroslav Jiřina Květa Ladislav Libor Libuše Ludmila Miloslav Miloš Oldřich Otakar Radek Radka Rostislav Růžena Stanislava Vlasta Vlastimil Zdeňka Zdeněk Attila Balázs Béla
  Csaba Dezső Erzsébet Ferenc Gábor Gergely Gyula Györgyi Ibolya Ildikó Imre István János Jolán Jenő József Julianna Kálmán Klára Lajos Magdolna Margit Márta Mihály Miklós Nándor Ottó
  Piroska Sándor Szilvia Tamás Terézia Tibor Vilmos Zoltán Zsolt Zsuzsanna Zsófia Bożena Bronisław Czesław Danuta Dorota Elżbieta Grażyna Halina Henryk Irena Jadwiga Janina Kazimierz
  Krystyna Leszek Lech Lucyna Mieczysław Mirosław Ryszard Sławomir Stefania Sylwia Tadeusz Teresa Urszula Wacław Wanda Wiesław Władysław Zbigniew Zdzisław Zofia Aino Aila Anneli Arto Asko Eeva
  Eino Esa Hannu Heikki Helmi Hilkka Ilkka Inkeri Irma Jarmo Jouni Jukka Juhani Kaarina Kaija Kalevi Katri Kirsti Lauri Leena Liisa Maija Marjatta Markku Matti Merja Mika Osmo Paavo Päivi Pekka
  Pentti Pirjo Pirkko Raija Raimo Reijo Riitta Ritva Seija Seppo Sirkka Taina Tapio Tarja Tauno Terttu Timo Tuomo Tuula Tuulikki Tyyne Urho Veikko Vesa Ville Väinö Arnar Ásgeir Birgir Bjarni
  Dagný Einar Erla Friðrik Guðmundur Guðrún Gunnar Halldór Haukur Helga Hildur Hjalti Ingibjörg Jóhann Jón Jóna Kristín Ólafur Óskar Pétur Ragnheiður Sigríður Sigurður Stefán Steinunn Sveinn Unnur
  Þórður Þóra Aðalsteinn Asbjørn Aslak Astri Borghild Brage Eirik Ellinor Gro Gunhild Halvor Ingrid Kjell Kjetil Oddvar Ragnhild Reidun Roald Sindre Sissel Sverre Tor Torbjørn Torill Trond Turid Vidar
  Øystein Øyvind Åse Bente Birthe Ejnar Flemming Grethe Hanne Inge Jytte Karsten Kirsten Lone Mogens Palle Preben Svend Tove Villy Agneta Barbro Berit Birgitta Bosse Bengt Britt Gerd Göran Gunnel Gunilla
  Håkan Inga Ingemar Ingvar Kerstin Lennart Margareta Monika Rune Rolf Sixten Solveig Stig Sture Torsten Ulla Ulrika Yngve Åke Örjan Bart Bas Dirk Floor Geert Gerrit Hendrik Ineke Jeroen Joost Jurgen Koen
  Liesbeth Maaike Marijke Marloes Mirjam Niels Pieter Renske Ruud Saskia Sjoerd Teun Tjeerd Wim Wouter Adalgisa Alcide Arduino Benito Biagio Calogero Carmelo Concetta Donato Ermenegildo Fiorella Gaspare
  Graziella Ivana Ivo Loredana Maurizio Mirella Ornella Osvaldo Rosalba Rosaria Saverio Tiziana Ubaldo Virgilio Aurélio Beatriz Caio Cauã Danilo Douglas Eduarda Enzo Estevan Evelyn Giovanna Kauã Kaique Larissa
  Lavínia Letícia Luís Luiza Marisa Matheus Melissa Murilo Nicole Otávio Rebeca Renan Rodrigo Sarah Thaís Thiago Vinícius Vitór Yasmin`,
  // More of Africa and Asia
  `Adaeze Adaobi Afamefuna Amarachi Anuli Arinze Azubuike Chiamaka Chibueze Chibuzo Chidiebere Chidinma Chigozie Chika Chike Chikwado Chima Chinedu Chinenye Chinonso Chinwe Chioma Chisom Chukwudi Chukwuebuka Chukwuemeka Ebele
  Ekene Ekwueme Ifeanyi Ifeoma Ifeanyichukwu Ikechukwu Ikemefuna Kamsi Kelechi Kosisochukwu Nkechi Nkiruka Nnamdi Nneka Nwabueze Obinna Obiageli Ogechi Okechukwu Olisa Onyekachi Onyinye Somto Tobenna Tochukwu Uche Uchenna Ugochukwu Uzoma Yobanna
  Abebe Abeba Abel Abraha Adiam Afewerki Almaz Amanuel Asmeret Awet Berhane Biniam Bisrat Dawit Eden Efrem Elsa Fessehaye Filmon Freweini Gebre Girmay Haile Hailu Helen Hiwet Kidane Kifle Lemlem Luam Luwam Meron Mehari Mehret
  Mikael Mulugeta Natnael Negassi Robel Rahwa Sara Selam Semhar Senait Simon Solomon Tesfaye Tesfalem Tsegay Winta Yohannes Yonas Zekarias Zula Abdi Ayaan Hodan Ifrah Achieng Akinyi Makena Njeri Nyambura Adama Awa Binta Ousmane
  Afsaneh Ali Alireza Arash Ardeshir Arezoo Atefeh Babak Bahram Behnam Behrouz Bijan Ebrahim Elham Esmail Farzaneh Fereydoun Forough Golnaz Hossein Houshang Javad Kamran Kaveh Kiarash Ladan Laleh Mahmoud Mahnaz Mahsa Majid Mandana
  Maryam Mehdi Mehran Mina Mohsen Morteza Mojgan Naser Niloufar Omid Parviz Payam Pejman Ramin Roya Saeed Saman Sanaz Sepideh Shahram Siavash Simin Soheil Soraya Taraneh Yasaman Zahra Abdulrahman Adel Afaf Ahlam Amal Anwar Asma
  Badr Bassam Basma Dalal Fadi Fahd Farid Ghada Habib Hadi Hafsa Haifa Hakim Hanan Haneen Haroun Hatim Hayat Iman Inaam Jaber Jalal Jamila Kamal Kareem Khalil Lina Lubna Maha Majed Manal Marwan Maysa Mounir Munir Mustafa Nabil
  Nadia Nadir Najwa Nawal Rabia Ramadan Reem Riyad Ruqayya Sabah Sabri Safia Sahar Salim Sami Samira Sana Sawsan Shadi Suhail Sumayya Taher Talal Wafa Walid Widad Yahya Ziad Alikhan Apti Aset Aslambek Bekkhan Dzhokhar Islam Khava Khedi
  Lema Luiza Madina Magomed Makka Malik Mairbek Rustam Ruslan Sultan Turpal Zaira Zelim Ziyad Ai Asami Asuka Chie Eiji Fumiko Hideki Hiromi Isamu Jiro Kazuko Kenta Koji Kumiko Mai Mariko Masako Masaru Mayumi Minoru Nobuko Osamu Reiko Ryo Sachiko
  Shigeru Shinji Tadashi Takeshi Tatsuya Tetsuo Toshio Yasuko Yoshiko Bao Bich Chau Dung Duc Giang Hạnh Hieu Hoa Hoang Huong Khanh Lan Linh Long Minh Nam Ngoc Nhung Phuong Quang Quoc Son Thanh Thao Thi Thuy Trang Trinh Tuan Tuyet Van Vinh Xuan
  Anong Boonsri Chai Kanya Kittisak Malee Nattapong Niran Ploy Pornthip Prasert Sakda Siriporn Somchai Somsak Suda Suwan Thaksin Wichai Aroha Hemi Kiri Mere Tane Wiremu Aqqaluk Aviaja Ivalu Malik Naja Nuka Pipaluk`,
);

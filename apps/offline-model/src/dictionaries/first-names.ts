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
);

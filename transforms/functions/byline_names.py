"""Given names and places that bylines are told apart by: plain words, compiled from general knowledge.

A given name decides only what could be read two ways: where one of several names that nothing separates ends,
whether "Doe, Jane" is inverted, whether "Staff" after a name is a surname. A name that is not here is still a
name. Surnames that are also given names are left out where they are mostly surnames ("Jackson", "Morgan").
"""

from __future__ import annotations

from transforms.functions.byline_words import word_set

#: Given names, case-folded, of the languages that newsrooms write in; accents as people write them.
GIVEN_NAMES: frozenset[str] = word_set(
    """
    aaron abbie abby abdul abdullah abdulrahman abel abhishek abigail abraham achim ada adam adama adan
    addison adela adele adeline aditi aditya adnan adolfo adrian adriana adriano adrianna adrien adrienne
    agata agnes agnès agnese agnieszka agustin agustín ahmad ahmed ahmet aidan aileen aimee aimée aisha
    aishwarya aitor ajay akash akihiro akiko akio akira akshay alain alan alana alba alberto albert albrecht
    aldo alec alejandra alejandro aleksandar aleksander aleksandra aleksei alessandra alessandro alessia
    alessio alex alexa alexandr alexander alexandra alexandre alexandria alexandru alexei alexia alexis
    alfonso alfred alfredo ali alice alicia alina aline alisa alison alissa allan allen allison ally alma
    alois alvaro álvaro alyssa amaia amalia amanda amandine amani amar amber ambra amelia amelie amélie amin
    amina amir amira amit amy ana anaïs anand anastasia anders andi andre andré andrea andreas andree andrei
    andrej andres andrés andrew andrey andrzej andy anette angel ángel angela angelica angelika angelina
    angelo angus anil anita anja anjali anke ann anna annabel annabelle annalisa anne annelies anneliese
    annette annie annika anouk anthony antoine antoinette anton antonella antonia antonin antonina antonio
    antónio antônio anuj anupam anurag anya april archie ariana ariane arianna ariel arif arik arjun arlene
    armand armando armin arnaud arnd arne arno arnold aron arthur artur arturo arun arvind asa åsa asha
    ashish ashley ashok ashraf asma astrid athena atsushi attila aubrey audrey august augusto aurelie
    aurélie aurelien aurélien aurora austin ava avery avi axel ayesha aylin ayşe ayumi aziz bahar barbara
    barbora barry bart bartosz bartłomiej bashir basil bastian bastien beata beatrice béatrice beatriz becky
    bella ben benedict benedikt benito benjamin benoit benoît berit bernadette bernard bernardo bernd
    bernhard bernice bert bertrand beth bethany betina bettina betty beverly bhavna bianca bibi bill billy
    birgit birgitta bjarne bjorn björn bjørn blanca blandine bo bob bobby bogdan boris brad bradley brandon
    branka brenda brendan brent brett brian brianna bridget brigitte britta brittany britt bronwyn bruce
    bruna bruno bryan bryce burak caitlin caleb callum camila camilla camille camilo candace candice cara
    carina carl carla carlo carlos carlota carly carmen carol carola carole carolina caroline carolyn carrie
    carsten caspar casey cassandra cassie catalina caterina catharina catherine cathy catrin cecile cécile
    cecilia cedric cédric celeste celia célia celina celine céline cem cesar césar cesare chad chandra
    chantal charles charlie charlotte chelsea cheryl chiara chloe chloé chris christa christel christelle
    christian christiane christin christina christine christof christoph christophe christopher christy
    chuck cindy claire clara clare clarissa claudette claudia cláudia claudine claudio cláudio claus clayton
    clemens clement clément clementine clémentine cleo cliff clive cody colette colin colleen conny connie
    conor conrad constance constantin constanze cora coralie corey corina corinna corinne cornelia cornelius
    courtney craig cristian cristiana cristina cristóbal curtis cynthia cyril cyrille dag dagmar daisy dale
    dalia damian damien damon dan dana dani daniel daniela daniele danièle daniella danielle danilo danny
    daphne dara darcy daria dario darío darius dariusz darlene darrell darren darryl dave david davide dawid
    dawn dean debbie debora deborah débora debra declan deepa deepak deepika deirdre delia delphine denis
    denise dennis derek desmond desiree detlef detlev devin devon diana diane dick didier diego dieter
    dietmar dietrich dilip dilara dima dimitri dimitris dina dinesh dirk divya dmitri dmitry dolores dominic
    dominik dominika dominique don donald donatella donna donovan dora doreen doris dorothea dorothee
    dorothy dorota doug douglas drew duncan dustin dylan eamonn ebony eckart eckhard ed eddie edgar edith
    edmund edoardo eduard eduarda eduardo edward edwin edyta eileen einar ekaterina eleanor elena eleni
    eleonora éléonore elham eli elia elias elijah elif elina elinor elisa elisabet elisabeth elisabetta
    élise elise elizabeth elke ella ellen ellie elliot elliott eloise éloïse elodie élodie elsa elsie elvira
    emanuel emanuela emanuele emil emile émile emilia emilie émilie emilio emily emine emma emmanuel
    emmanuelle emre endre engin enrico enrique enzo eric erica erich erick erik erika erin erkan ernest
    ernesto ernst erwin esa esben esmeralda espen esra esteban estefania estelle esther etienne étienne
    eugen eugene eugenia eugenio eva evan evelyn evelyne evgeny ewa ewan ewen ezra fabian fabiana fabiano
    fabien fabienne fabio fábio fabiola fabrice fabrizio fadi faisal faith fanny farah farhad farid farida
    fatemeh fatih fatima fátima fatma faye federica federico felicia felicity felipe felix félix ferdinand
    ferenc fergus fernanda fernando filip filipe filippo filiz finn fiona flavia flávia flavio flávio fleur
    flora florence florent florentin florian floriane fran frances francesca francesco francine francis
    francisca francisco franck franco francois françois françoise frank franka franz franziska frauke fred
    freddie frédéric frederic frederick frederik frédérique fredrik freya frida frieda friederike friedrich
    fritz fumiko gabby gabi gabriel gabriela gabriele gabriella gabrielle gaël gaëlle gail gareth gary
    gaurav gautam gavin gemma gene genevieve geneviève geoff geoffrey georg george georges georgia georgina
    geraint gerald geraldine gerard gérard gerardo gerd gerda gerhard gerrit gerry gert gertrud ghislaine
    giacomo giada gian gianluca gianni gianna gilbert gilberto gilles gillian gina ginevra gino giorgia
    giorgio giovanna giovanni gisela giselle gita giulia giuliana giulio giuseppe giuseppina glen glenn
    gloria gonzalo goran gordon göran grace graciela graeme graham grazia greg gregor gregoire grégoire
    gregory grégory greta gretchen guadalupe gudrun guido guilherme guillaume guillermo guiseppe günter
    günther gunnar gustaf gustav gustavo guy gwen gwendolyn gyula hadi hailey hakan hal haley halima hamid
    hamza hana hanna hannah hanne hannes hans hanspeter harald hari harold harriet harry harsh haruka haruki
    harvey hasan hassan hayley heather hector héctor hedda hedwig heidi heike heiko heiner heinrich heinz
    helen helena helene hélène helga helge helmut hendrik hendrike henk henning henri henrik henrike
    henrietta henry herbert heribert hermann herve hervé hideki hilary hilde hillary hina hiroko hiroshi
    hjalmar holger holly horacio horst hortense howard hubert hugh hugo humberto hussein ian ibrahim ida
    ignacio igor ihor ike ilaria ildikó ilka ilona ilse imke imran ina ines inès inés inga inge ingeborg
    ingo ingrid inka ioana ioannis irena irene irène irfan irina iris irma isaac isabel isabela isabell
    isabella isabelle isaiah isidro ismail ismael isobel israel istván iulia ivan ivana iván ivo ivonne
    iwona izabela jaan jacek jacinta jack jackie jacky jacob jacopo jacqueline jacques jade jae jaime jake
    jakob jakub jamal james jamie jan jana jane janet janice janina janine janis janne jannik janusz jared
    jarosław jasmin jasmina jasmine jason jasper javier jay jayne jean jeanette jeanne jeannette jeannine
    jeff jeffrey jelena jen jenna jenni jennie jennifer jenny jens jeremiah jérémie jeremy jérémy jerome
    jérôme jerry jess jesse jessica jessie jesus jesús jill jillian jim jimena jimmy jo joachim joan joana
    joanna joanne joão joaquim joaquín jochen jocelyn jodie jody joe joel joël joelle joëlle joerg joey
    johan johana johann johanna johannes john johnny jolanta jon jonah jonas jonathan joni joost jordan
    jordi jorge jörg jørgen josé jose josef josefine joseph josephine joséphine josh joshua josie josiane
    josip joy joyce jozef józef juan juana juanita judith judy jules julia júlia julián julian juliana
    juliane julie julien juliet juliette julieta julio júlio julius june junko jürg jürgen jurgen justin
    justina justine justyna jutta juliusz kai kaitlin kaitlyn kaj kamal kamil kamila kana karen karim karin
    karina karine karl karla karolina karoline karsten kaspar kasia kat katarina katarzyna kate katelyn
    katerina katharina katharine katherine kathleen kathrin kathrine kathryn kathy katia katie katja katrin
    katrina katrine katy katya kay kayla kazuo keiko keith kelly kelsey ken kendra kenji kenneth kenny kenta
    kerry kerstin kevin khaled khalid kieran kilian kim kimberly kira kiran kirsten kirstin kirsty kjell
    klaas klara klaus knut koichi konrad konstantin konstantina kris krishna krista kristen kristian kristin
    kristina kristine kristoffer kristy krystyna krzysztof kumar kumiko kurt kyle kylie kyoko lais laila
    lalita lana lance lara larissa larry lars lasse laszlo lászló latoya laura laure laureen laurel lauren
    laurence laurent laurie lea léa leah leandro leanne lee leena leif leigh leila lena lennart lenny leo
    león leon leona léonie leonard leonardo leonhard leonie leonor leszek leslie leticia letícia leyla lia
    liam lidia lídia lieke lieselotte ligia lila lili lilian liliana lilly lily lina linda linde lindsay
    lindsey line linn linus lionel lisa lisbeth lise lisette liv livia liz liza lizzie lloyd loic loïc lois
    lola lore lorena lorenz lorenzo loretta lori lorna lorraine lothar lotta lotte lou louis louisa louise
    lourdes lubna luc luca lucas lucia lucía luciana luciano lucie lucien lucienne lucila lucille lucinda
    lucy ludger ludmila ludovic ludwig luigi luis luís luisa luísa luise luiz luiza lukas lukasz łukasz luke
    luna lutz lydia lydie lynda lynette lynn lynne maarten mabel maciej maddie madeleine madeline madison
    maja magda magdalena magali maggie magnus maha mahesh mahmoud mahmut mai maia maike maiken makoto
    malcolm malgorzata małgorzata malin malina malte manami mandy manfred manish manoj manon manu manuel
    manuela mara marc marcel marcela marcelo marcia márcia marcin marcio márcio marco marcos marcus mareike
    maren margaret margarete margarita margaux margit margot margrit marguerite mari maria mária mariam
    marian mariana mariangela marianna marianne maribel marie mariella mariëlle marietta marija marijn
    marika marilyn marilena marin marina marine mario mário marion marisa marisol marissa marit marius
    mariusz marjorie mark marko markus marleen marlen marlene marlies marlon marnie marta marte martha
    marthe marti martí martin martín martina martine marty maruša marvin mary maryam maryann maryanne
    masahiro masako massimiliano massimo mateo mateus mateusz mathew mathias mathieu mathilda mathilde mats
    matt matteo matthew matthias matthieu matthijs matti matus maud maura maureen maurice mauricio maurício
    maurizio mauro max maxim maxime maximilian maxwell may maya meera megan meghan meghann mehdi mehmet
    meike meinrad melanie mélanie melina melinda mélissa melissa melody mercedes meredith merle mette mia
    micah michael michaela michal michał michel michela michele michèle micheline michelle michiko miguel
    mihai mihaela mika mikael mike mikhail mikkel mikko mila milan milena milica milos miloš mimi min mina
    mindy mira miranda mireille mirela miriam mirjam mirko miroslav mirosław misha mitch mitchell mitsuko
    mohamad mohamed mohammad mohammed moira mollie molly mona monica mónica mônica monika monique monta
    morag moritz morten moses mostafa muhammad munir murat murielle mustafa myriam myrna nabil nada nadia
    nadin nadine nadja nadya naima naoki naoko naomi nasser natacha natalia natália natalie natalya natasha
    natascha nate nathalie nathan nathaniel navin neda neha neil nele nelly nelson nena nerea nia niall nic
    nicholas nick nicki nicky nicla nico nicola nicolai nicolas nicolás nicole nicoletta niels nigel nigar
    niklas nikhil nikita niko nikola nikolai nikolaj nikolas nikolaus nikos nils nina nino nisha nishant
    nitin noa noah noam noel noël noelle noémie nolan nolwenn nora norah norbert noriko norma norman nour
    nuria núria nuno octavia odd odette odile ole oleg oleksandr oleksandra oleksii olena olga olha olive
    oliver olivia olivier olle omar oren oriol orla orlando orsolya oscar óscar oskar osman otto owen pablo
    paige paloma pam pamela paola paolo pascal pascale patrice patricia patrícia patricio patrick patrik
    patrizia patrycja patti patty paul paula paulina pauline paulo pavel paweł pawel pedro peggy penelope
    penny per pernilla perrine pete peter petra petros petr phil philip philipp philippa philippe phillip
    phoebe phyllis pia pierre piero pietro pilar piotr pippa pooja poppy prakash pranav prashant praveen
    preeti priscilla priya priyanka przemysław quentin rabia rachael rachel rachid rachida radek radosław
    rafael rafaela rafał raffaela raffaele raffaella rahul rainer raj raja rajesh ralf ralph ramesh rami
    ramón ramon ramona rana randy rania raoul raphael raphaël raquel rashid rashmi raul raúl ravi ray
    raymond rebecca rebekah regina reginald regine régis reinhard reinhold reiner rejane remi rémi rémy
    renata renate renato renaud rene rené renee renée reto reuben rex reza rhiannon rhonda rhys ricarda
    ricardo riccardo richard rick rico ricky riikka riley rita rob robbie robert roberta roberto robin robyn
    rocio rocío rodney rodolfo rodrigo roger roland rolando rolf roman romain romana romina ron ronald ronan
    ronja ronny rory rosa rosalie rosalind rosamund rosanna rosario rosaria rose roseanne rosemarie rosemary
    rosie ross rossella rowan rowena roxana roxane roy rubén ruben rubina ruby rudi rudolf rui rune rupert
    russell ruth ryan sabine sabina sabrina sacha sachin sadie saeed saif said sakura salim sally salma
    salman salvador salvatore sam samantha sameer sami samia samir samira samuel samy sanam sandra sandrine
    sandro sandy sania sanjay sanna sanne santiago sara sarah saskia satoshi saurabh savannah scarlett scott
    sean sébastien sebastian sebastián sebastiano selim selin selina selma serena serge sergei sergey sergio
    sérgio sergiy severin séverine shahid shane shannon sharon shaun shauna shawn sheila shelby shelley
    shinji shirley shivani shreya shruti siddharth sid sidney sidsel siegfried sienna sigrid silas silja
    silke silvana silvia sílvia silvio simão simon simona simone simran sina sinead sinéad siobhan siobhán
    siri siv skye slawomir sławomir sofia sofía sofie solange soledad solène solveig sonia sônia sonja sonya
    sophia sophie soren sören søren stacey stacy stan stanislas stanislav stanisław stefan stefania stefanie
    stefano steffan steffen steffi stella stephan stéphan stephane stéphane stephanie stéphanie stephen
    steve steven stewart stig stine stuart sue sumit sun sunil sunita susan susana susann susanna susanne
    susie suzanne suzy svein sven svenja svetlana svitlana swantje sylvain sylvia sylvie sylwia szymon tabea
    tabitha takashi takeshi tal talia tam tamar tamara tamás tânia tanja tania tanya tara tariq tatiana
    tatjana tatyana taylor tea ted tereza teresa terence terri terry tess tessa thaddeus thais thaís thea
    theo theodor theresa thérèse therese thibault thiago thierry thilo thomas thora thorben thorsten tiago
    tibor tiffany till tilman tim timo timothy tina tineke tino tobias toby todd tom tomas tomás tomáš
    tomasz tommaso tommy tomoko tone toni tonia tony torben tore tori torsten toshio tove tracey traci tracy
    travis trevor trine trish tristan trond trudi trudy tuomas tuva tyler tyrone uffe ugo ulf uli ulla
    ulrich ulrike umberto umut ursula urs urška uschi uta ute uwe vadim valentin valentina valentine
    valentino valeria valéria valerie valérie valerio valery valter vanessa vanja varun vasil vasilis vasily
    vera verena verónica veronica verônica veronika véronique vesna vicente vicki vicky victor víctor
    victoria vijay vikas vikram viktor viktoria vince vincent vincenzo viola violeta violetta virginia
    virginie vishal vitor vítor vittoria vittorio vivek vivian viviana viviane vivien vlad vladimir volker
    volodymyr wade waldemar walid wally walter wanda wayne wendy werner wesley wiebke wilfried wilhelm will
    willa willem william willy wilma winfried witold wojciech wolfgang wolfram xavier xenia ximena yael yan
    yana yang yann yannick yara yasemin yasin yasmin yasmine yasser yolanda yoshiko yosuke youssef yuki yuko
    yuliia yulia yuri yuriy yusuf yvan yves yvette yvonne zac zach zachary zahra zainab zara zbigniew zeynep
    zoe zoé zoë zofia zoltán zuzana zuzanna амина алексей алексий александр александра алексeй алёна алена
    алина алиса алла анастасия анатолий андрей андрій анна антон антонина аркадий арина арсений артем артём
    богдан борис вадим валентин валентина валерий валерия варвара василий василь вера вероника виктор
    виктория виталий віталій віктор вікторія владимир владислав володимир вячеслав галина геннадий георгий
    глеб григорий дарья даниил данил денис дмитрий дмитро евгений евгения екатерина елена елизавета жанна
    зинаида иван игорь ілля ілона ігор іван ирина ірина инна илья карина кирилл кирило константин кристина
    ксения лариса леонид лев лидия любовь людмила максим марина мария марія марк матвей михаил михайло
    надежда наталия наталья наталія никита николай нина оксана олег олексій олександр олександра олена ольга
    павел павло петр пётр петро полина роман руслан светлана світлана семен сергей сергій софия станислав
    степан сюзанна тамара тарас татьяна тетяна тимофей тимур ульяна федор фёдор эдуард эльвира юлия юлія
    юрий юрій яков яна ярослав ярослава محمد أحمد احمد علي عمر حسن حسين محمود مصطفى ابراهيم إبراهيم خالد
    يوسف عبد عبدالله سعيد سالم طارق كريم ياسر هشام فاطمة مريم سارة ليلى نور منى هدى زينب عائشة رنا دينا هبة
    سمر نادية سلمى رامي سامي فادي جمال كمال وليد ماهر نبيل
    """
)

#: Cities, countries and regions that stand in bylines as datelines, case-folded; "_" joins several words.
#: Places that are as often a surname ("Santos", "Lima") are left out.
PLACES: frozenset[str] = word_set(
    """
    abidjan abu_dhabi abuja accra addis_ababa adelaide ahmedabad albany aleppo alexandria algiers algeria
    almaty amman amsterdam ankara antwerp antwerpen argentina asunción atenas athen athènes athens atlanta
    auckland augusta australia austria baghdad baku bamako bangalore bangkok barcelona basel bassora beijing
    beirut belém belfast belgium belgrade belgrado belo_horizonte bengaluru bergen berlim berlin berlín
    berlino bern berne bogota bogotá bombay bonn bordeaux boston brasilia brasília bratislava bremen brazil
    brazzaville brighton brisbane bristol brüssel brussel brussels bruxelas bruxelles bruselas bucharest
    budapest buenos_aires bulgaria cairo calcutta cambridge campinas canada canberra cape_town caracas
    cardiff casablanca chennai chicago chile china cleveland cologne colombia colombo copenhagen costa_rica
    croatia cuba curitiba dakar dallas damascus dar_es_salaam darmstadt delhi denmark denver detroit
    deutschland dhaka doha dortmund dresden dubai dublin durban düsseldorf edinburgh egypt england españa
    essen ethiopia european_union finland florence florianópolis france frankreich frankfurt fortaleza
    freiburg gaza geneva genève genf genoa germany ghana glasgow goiânia greece guadalajara guangzhou
    guatemala hague hamburg hannover hanoi harare havana heidelberg helsinki hiroshima ho_chi_minh_city
    hong_kong honolulu houston hungary iceland india indianapolis indonesia iran iraq ireland islamabad
    israel istanbul italia italy jakarta japan jerusalem jerusalén johannesburg kabul kairo kampala
    kansas_city karachi kathmandu kenya kharkiv khartoum kiev kiew kigali kinshasa kolkata köln kuala_lumpur
    kuwait kyiv kyoto la_paz lagos lahore las_vegas latvia lausanne lebanon leeds leipzig libya linz lisboa
    lisbon lithuania liverpool ljubljana london londra londres londrina los_angeles luanda lucknow
    luxembourg lviv lyon madrid mailand mainz malaysia malta managua manaus manchester manila maputo maringá
    marseille melbourne mexico mexico_city ciudad_de_méxico méxico miami milan milano milwaukee minneapolis
    minsk missouri mogadishu mombasa montenegro monterrey montevideo montreal montréal morocco moscou moscow
    moscú moskau mosul moskva mumbai munich münchen nagasaki nairobi namibia naples napoli nashville
    netherlands new_delhi new_orleans new_york new_york_city new_zealand newcastle nicosia nigeria nizza
    norway norwich nürnberg odesa odessa osaka oslo österreich ottawa oxford pakistan palermo panama
    paraguay paris pequim perth peru peshawar philadelphia philippines phoenix pittsburgh poland
    porto_alegre porto_velho portland portugal poznań prag praga prague pretoria pyongyang quebec québec
    quito rabat ramallah rawalpindi recife região reykjavik riga rio rio_branco rio_de_janeiro riyadh rom
    roma romania rome rotterdam russia rwanda sacramento salvador_da_bahia salzburg san_antonio san_diego
    san_francisco san_jose san_juan san_salvador sanaa santiago_de_chile santo_domingo são_paulo sao_paulo
    s._paulo sarajevo saudi_arabia schweiz scotland seattle senegal seoul serbia shanghai shenzhen singapore
    skopje slovakia slovenia sofia somalia south_africa spain stockholm strasbourg stuttgart sudan suisse
    sweden switzerland sydney syria taipei taiwan tallinn tashkent tbilisi tegucigalpa tehran tel_aviv
    thailand the_hague thessaloniki tirana tokyo toronto toulouse trieste tripoli tunis tunisia turin
    türkiye turkey uganda ukraine united_kingdom united_states uruguay utah utrecht valencia vancouver
    vatican_city venezia venezuela venice vienna vietnam vilnius warsaw warschau warszawa washington
    washington_dc wellington wien yangon yaoundé yerevan zagreb zambia zimbabwe zürich zurich uk usa us u.s
    uae eu d.c dc pouso_alegre ribeirão_preto juiz_de_fora campo_grande são_carlos rio_preto москва москве
    киев киеве київ минск санкт-петербург лондон лондоне париж берлин القاهرة بيروت دمشق بغداد الرياض دبي
    لندن غزة عمان الدوحة القدس باريس واشنطن
    """
)

#: Words that begin a place of several words: "San Diego", "Fort Worth".
PLACE_PREFIXES: frozenset[str] = word_set(
    """
    san santa santo são saint st fort port porto belo los las rio puerto villa ciudad costa north south east
    west nova nuevo nueva new bad região vale zona distrito grande interior
    """
)

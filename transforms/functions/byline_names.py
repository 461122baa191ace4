"""Given names and places that bylines are told apart by: plain words, compiled from general knowledge.

A given name decides only what could be read two ways: where one of several names that nothing separates ends,
whether "Doe, Jane" is inverted, whether "Staff" after a name is a surname. A name that is not here is still a
name. Surnames that are also given names are left out where they are mostly surnames ("Jackson", "Morgan").
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from transforms.functions.byline_words import word_set


@lru_cache(maxsize=4_096)
def _without_accents(name: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", name) if not unicodedata.combining(char))


class _Names(frozenset[str]):
    """Names that are known with their accents, without them, and with others."""

    def __contains__(self, name: object) -> bool:
        if super().__contains__(name):
            return True
        return isinstance(name, str) and not name.isascii() and super().__contains__(_without_accents(name))


def _names(text: str) -> _Names:
    words = word_set(text)
    return _Names(words | {_without_accents(word) for word in words})


#: Given names, case-folded, of the languages that newsrooms write in; whoever asks may leave accents out or set them.
GIVEN_NAMES = _names(
    """
    aamer aaron abbie abby abdul abdullah abdulrahman abeer abel abena abhishek abigail abiola abraham
    achieng achim ada adaeze adam adama adan addison adebayo adela adele adeline ademola aditi aditya adnan
    ådne adolfo adrian adriana adrianna adriano adrien adrienne afonso agata agnes agnès ágnes agnese
    agnieszka agus agustin agustín ahmad ahmed ahmet aidan aileen ailsa aimee aimée ainhoa aisha aishwarya
    aitor ajay akash åke akihiro akiko akio akira akosua akshata akshay alain alan alana alanna alayna alba
    albert alberto albrecht aldo alec alejandra alejandro aleksandar aleksander aleksandra aleksei
    alessandra alessandro alessia alessio alex alexa alexander alexandr alexandra alexandre alexandria
    alexandru alexei alexia alexis alfonso alfred alfredo ali alice alicia alina aline alisa alison alissa
    allan allen allison ally alma alois alvaro álvaro alyssa amadou amaia amalia amanda amandine amani amar
    amara amber ambra amelia amelie amélie amin amina aminata amir amira amit amy ana anaïs anand ananya
    anastasia ander anders andi andrás andre andré andrea andreas andree andrei andrej andres andrés andrew
    andrey andrzej andy anette angel ángel angela angelica angelika angelina angelo angus anil anita anja
    anjali anke ann anna annabel annabelle annalisa anne annelies anneliese annelise annette annie annika
    anouk anssi anthony antoine antoinette anton antonella antonia antonin antonina antonio antónio antônio
    antti anuj anupam anurag anya april arantxa archie ariana ariane arianna ariel arif arik arjun arlene
    armand armando armin arnau arnaud arnd arne arno arnold aron arthur artur arturo arun arundathi arvind
    asa åsa asbjørn asha ashish ashley ashok ashraf ashwini asier asma astrid athena atif atsushi attila
    aubrey audrey august augusto aurelie aurélie aurelien aurélien aurora aurore austin ava avery avi axel
    ayesha aylin ayşe aysha ayumi aziz azucena babajide bahar balázs bálint barbara barbora bård barry bart
    bartosz bartłomiej barış bashir basil bastian bastien beata beatrice béatrice beatriz becky begoña bella
    ben benedict bénédicte benedikt benício benito benjamin benno benoit benoît bente berit bernadette
    bernard bernardo bernd bernhard bernice bernward bert bertrand beth bethany betina bettina betty beverly
    bhavna bhavya bianca bibi bibiana biel bill billy birgit birgitta birgitte bjarne bjarte bjorn björn
    bjørn blanca blandine bo bob bobby bodo bogdan boris brad bradley bram brandon branka breanna brenda
    brendan breno brent brett brian brianna bridget brigitte britt britta brittany brittney bronwyn bruce
    bruna bruno bryan bryce budi burak burkhard büşra caetano caio caitlin caleb callum camila camilla
    camille camilo candace candice capucine cara carina carl carla carlo carlos carlota carly carme carmen
    carol carola carole carolina caroline carolyn carrie carsten casey caspar cassandra cassidy cassie
    catalina catarina caterina catharina catherine cathy catrin cauê cecile cécile cecilia cedar cedric
    cédric ceilidh celeste celia célia celina celine céline cem cenk cesar césar cesare chad chandra chantal
    charles charlie charlotte chelsea cheryl chetan chiara chidi chinedu chinonso chloe chloé chris christa
    christel christelle christian christiane christin christina christine christof christoph christophe
    christopher christy chuck chukwuma cindy cínthia claire clara clare clarissa claudette claudia cláudia
    claudine claudio cláudio claus clayton clémence clemens clement clément clementine clémentine cleo cliff
    clive cody colette colin colleen connie conny conor conrad constança constance constantin constanze
    consuelo cora coralie corentin corey corina corinna corinne cornelia cornelius courtney craig cristian
    cristiana cristina cristóbal curt curtis cynthia cyril cyrille dag dagmar daiene daisuke daisy dale
    dalia damian damien damla damon dan dana dani daniel daniela daniele danièle daniella danielle danilo
    danny daphne dara darcy daria dario darío darius dariusz darlan darlene darrell darren darryl dave davi
    david davide dawid dawn dean deanna debbie debora débora deborah debra declan deepa deepak deepika
    deirdre delia delphine denis denise deniz dennis derek derya desiree desmond detlef detlev devan devin
    devon dewi diana diane dick didier diego dieter dietmar dietrich dilara dilip dima dimitri dimitris dina
    dinesh diogo dirk divya dmitri dmitry dolores domenico dominic dominik dominika dominique don donald
    donatella donna donovan dora doreen doris dorota dorothea dorothee dorothée dorothy dorte dörte dorthe
    doug douglas dragoș drew duarte duncan dustin dyepkazah dylan eamonn eberhard ebony ebru ece eckart
    eckhard ed eddie edgar edith edmund edoardo edson eduard eduarda eduardo edward edwin edyta eike eileen
    einar eirik eivind ekaterina elaine eleanor elena eleni eleonora éléonore elham eli elia elias elif
    elijah elina elinor elisa elisabet elisabeth élisabeth elisabetta elise élise elissa eliza elizabeth
    elke ella ellen ellie elliot elliott elodie élodie eloise éloïse elsa elsie elvira elżbieta emanuel
    emanuela emanuele emeka emil emile émile emilia emilie émilie emilio emily emine emma emmanuel
    emmanuelle emre endre engin enrico enrique enzo eric éric erica erich erick erik erika erin erkan erlend
    ernest ernesto ernst erwin esa esben esmeralda espen esra esteban estefania estelle esther ethan etienne
    étienne ettore eugen eugene eugenia eugenio eun-ji eva evan evelyn evelyne evgeny ewa ewald ewan ewen
    eyder ezio ezra fabian fabiana fabiano fabien fabienne fabio fábio fabiola fabrice fabrizio fadi faisal
    faith falk fanny farah farhad farid farida farnoush fatemeh fatih fatima fátima fatma faye federica
    federico felicia felicity felipe felix félix femke ferdinand ferenc fergus fernanda fernando ferran
    filip filipa filipe filippo filiz finn fiona fiorenza fitri flavia flávia flavio flávio flemming fleur
    flora florence florent florentin florian floriane florin folake fran frances francesca francesco
    francine francis francisca francisco franck franco francois françois françoise frank franka franz
    franziska frauke fred freddie frederic frédéric frederick frederik frédérique fredrik freya frida frieda
    friederike friedrich fritz fumiko gabby gabi gábor gabriel gabriela gabriele gabriella gabrielle gaël
    gaëlle gail gamze gareth garrett gary gaurav gautam gavin gayle geert geeta geir gemma gene genevieve
    geneviève geoff geoffrey georg george georges georgia georgina geraint gerald geraldine gerard gérard
    gerardo gerd gerda gergely gerhard gerrit gerry gert gertrud gheorghe ghislaine giacomo giada giampiero
    gian gianfranco gianluca gianna gianni gilbert gilberto gilles gillian gina ginevra gino giorgia giorgio
    giovanna giovanni gisela giselle gita gitte giulia giuliana giulio giuseppe giuseppina gizem glen glenda
    glenn gloria gonçalo gonzalo goran göran gordon gorka götz grace graciela graeme graham grazia grażyna
    greg gregoire grégoire gregor gregory grégory greta gretchen griet grzegorz guadalupe gudrun guido
    guilherme guillaume guillermo guiseppe gunhild gunnar günter günther gustaf gustav gustavo guy gwen
    gwenaël gwenaëlle gwendolyn gyula hadi hafsa hailey hakan håkan hal haley halima hallie hamdi hamid
    hamza hana hanna hannah hanne hanneke hannes hans hanspeter harald hari harish harold harriet harry
    harsh hartmut haruka haruki harvey hasan hassan hatice håvard hayley heather hector héctor hedda hedwig
    hege heidi heike heikki heiko heiner heinrich heinz heitor helen helena helene hélène helga helge helle
    helmut hendra hendrik hendrike henk henning henri henrietta henrik henrike henry herbert heribert
    hermann herve hervé hideki hilary hilde hillary hillel hina hiroki hiroko hiroshi hjalmar holger holly
    horacio horst hortense howard hubert hugh hugo humberto hüseyin hussein hye-jin hyun-woo hyung hyung-jin
    ian ibrahim ida idiana ifeanyi ignacio igor ihor ike ikechukwu ikenna iker ilaria ildikó ilka ilkka
    illia ilona ilse imke imran ina indah ineke ines inès inés inês inga inge ingeborg inger ingo ingrid
    ingvild iñigo íñigo inka inmaculada ioana ioannis ion ionuț ira irena irene irène irfan irina iris irma
    isaac isabel isabela isabell isabella isabelle isadora isaiah isha isidro ismael ismail isobel israel
    istván itziar iulia ivan iván ivana ivo ivonne iwona izabela jaan jacek jacinta jack jackie jacky jaclyn
    jacob jacopo jacqueline jacques jada jade jae jaime jake jakob jakub jamal james jamie jan jana jane
    janelle janet janice janina janine janis janne jannik jános janusz jared jari jarmo jarosław jasmin
    jasmina jasmine jason jasper javier jay jayden jayne jean jeanette jeanne jeannette jeannine jef jeff
    jeffrey jelena jelle jen jenna jenni jennie jennifer jenny jens jeppe jeremiah jérémie jeremy jérémy
    jermaine jeroen jerome jérôme jerry jerzy jesper jess jesse jessica jessie jesus jesús ji-hye jihoon
    jill jillian jim jimena jimmy jiří jiyoung jo joachim joan joana joann joanna joanne joão joaquim
    joaquín jocelyn jochen jodi jodie jody joe joel joël joelle joëlle joerg joey johan johana johann
    johanna johannes john johnny joko jolanta jolene jomana jon jonah jonas jonathan joni joost jordan jordi
    jörg jorge joris jörn jose josé josef josefine josep joseph josephine joséphine josh joshua josiah
    josiane josie josip jostein joy joyce jozef józef juan juana juanita judith judy juha jukka jules julia
    júlia julian julián juliana juliane julie julien juliet julieta juliette julio júlio julius juliusz june
    junko jürg jurgen jürgen justin justina justine justyna jutta jyoti jørgen jørn kacper kai kaitlan
    kaitlin kaitlyn kaj kamal kamau kamil kamila kana kara karen karim karin karina karine karl karla
    karolina karoline karsten kasia kaspar kasper kat katalin katarina katarzyna kate katelyn katerina
    kateřina katharina katharine katherine kathleen kathrin kathrine kathryn kathy katia katie katja katrien
    katrin katrina katrine katy katya kavita kay kayden kayla kaylee kazuo keiko keith kelley kelli kellie
    kelly kelsey kemi ken kendall kendra kenji kenneth kenny kenta kenzie kerry kerstin kevin khaled khalid
    kieran kilian kim kimberly kimmo kinga kira kiran kirk kirsi kirsten kirstin kirsty kjell kjersti kjetil
    klaas klara klaus kleber knut koen kofi koichi konrad konstantin konstantina kris krishna krista kristen
    kristi kristian kristin kristina kristine kristoffer kristy krystal krystyna krzysztof kübra kumar
    kumiko kunal kurt kwabena kwame kyle kylie kyoko kyung lacey lacy laetitia laëtitia laia laila lais laís
    lakshmi lalita lana lance lara larissa larry lars lashonda lasse laszlo lászló latasha latoya laura
    lauran laure laureen laurel lauren laurence laurent laurie lea léa leah leandro leanne lee leena leif
    leigh leila leire lena lenka lennart lenny leo leon león leona leonard leonardo leonencio leonhard
    leonie léonie leonor lerato leroy leslie leszek leticia letícia levi lex leyla lia liam lianne lidia
    lídia lieke liesbeth lieselotte ligia lila lili lilian liliana lillian lilly lily lina linah linda linde
    lindiwe lindsay lindsey line linn linnea linus lionel lisa lisbeth lise lisette liv livia lívia liz liza
    lizzie llorenç lloyd lluís loic loïc lois lola lone lonnie lore loredana lorena lorenna lorenz lorenzo
    loretta lori lorna lorraine lothar lotta lotte lou louis louisa louise lourdes lubna luc luca lucas
    lucia lucía lúcia luciana luciano lucie lucien lucienne lucila lucile lucille lucinda lúcio lucy ludger
    ludivine ludmila ludovic ludovica ludwig luigi luis luís luisa luísa luise luiz luiza lukas lukáš lukasz
    luke luna lutz lydia lydie lyle lynda lynette lynn lynne maaike maarten mabel macarena maciej mackenzie
    mădălina maddie maddy madeleine madeline madison mads mae maëlle mafalda magali magda magdalena maggie
    magnus maha mahesh mahmoud mahmut mai maia maike maiken maite maja makenzie makiya makoto malaka malcolm
    malgorzata malik malin malina mallory malte manami mandy manfred manish manoj manon manu manuel manuela
    mara marc marcel marcela marcella marcelo marcia márcia marcin marcio márcio marco marcos marcus mareike
    marek maren margaret margarete margarita margaux margery margie margit margot margret margrit marguerite
    mari maria mária mariah mariam marian mariana mariane mariangela marianna marianne maribel marie marieke
    mariella mariëlle marietta marija marijke marijn marika marilena marilyn marin marina marine mario mário
    marion marisa marisol marissa marit marius mariusz marja marjorie mark markéta markku marko markus marla
    marleen marlen marlene marlies marlon marnie marsha marta márta marte mårten martha marthe marti martí
    martin martín martina martine marty maruša marvin mary maryam maryann maryanne masahiro masaki masako
    massimiliano massimo mateo mateus mateusz mathew mathias mathieu mathilda mathilde matilde mats matt
    matteo matthew matthias matthieu matthijs matti matus maud maura maureen maurice mauricio maurício
    maurizio mauro mavis max maxim maxime maximilian maxine maxwell may maya mayumi małgorzata mckenzie
    mechthild meera megan megha meghan meghann mehdi mehmet meike meinrad melanie mélanie melina melinda
    melissa mélissa melody melvin mercedes meredith merete meritxell merja merle merve mette mia micah
    michael michaela michal michał micheal michel michela michele michèle micheline michelle michiko mick
    mickael mickaël miguel mihaela mihai mika mikael mike mikhail mikkel mikko mila milan mildred milena
    miles milica milos miloš mimi min min-ji mina mindy minna minsu mira miranda mireille mirela mirella
    miriam mirjam mirko miroslav mirosław misha mitch mitchell mitsuko mogens mohamad mohamed mohammad
    mohammed mohit moira mollie molly mona monica mónica mônica monika monique monta montserrat morag
    morgane moriah moritz morten moses mostafa muhammad munir murat muriel murielle mustafa myra myriam
    myrna myron nabil nada nadège nadia nadin nadine nadja nadya naima nalova nana nancy nandini naoki naoko
    naomi nasser natacha natalia natália natalie natalya natascha natasha nate nathalie nathan nathaniel
    navin ned neda neha neil nele nelly nelson nena nerea nettie neus ngozi nia niall niamh nic niccolò
    nicholas nichole nick nicki nicky nicla nico nicola nicolai nicolas nicolás nicole nicoletta nidhi niels
    nigar nigel nikhil nikita nikki niklas niko nikola nikolai nikolaj nikolas nikolaus nikos nils nina nino
    nisha nishant nitin njeri nkechi nneka noa noah noam noel noël noelia noelle noémie nolan nolwenn nomsa
    nora norah norbert noriko norma norman nour nthabiseng nuno nuria núria nurith obinna océane octavia oda
    odd oddvar odette odile ogechi ola ole oleg oleksandr oleksandra oleksii olena olga olha olive oliver
    olivia olivier olle olumide oluwaseun omar ömer ondřej onur onyeka ope oren oriol orla orlando ornella
    orsolya oscar óscar oskar osman otavio otávio otieno otto owen özge özlem pablo paige päivi palesa
    paloma pam pamela pankaj paola paolo pär pascal pascale pat patrice patricia patrícia patricio patrick
    patrik patrizia patrycja patsy patti patty paul paula paulette paulina pauline paulo pavel pawel paweł
    pedro peer peggy pekka penelope penny per pernilla perrine pete peter péter petr petra petri petros
    peyton phil philip philipp philippa philippe phillip phoebe phyllis pia pierluigi piero pierpaolo pierre
    pieter pietro pilar piotr pippa polina pooja poppy prachi pradeep prakash pranav prashant prateek
    praveen preben preeti priscilla priya priyanka przemysław putri quentin quésia rabia rachael rachel
    rachid rachida radek radina radosław rafael rafaela rafaella rafał raffaela raffaele raffaella ragnhild
    rahul raimund rainer raj raja rajesh rakesh ralf ralph raluca ramazan ramesh rami ramon ramón ramona
    rana randall randy rania raoul raphael raphaël raphaëlle raquel rashid rashmi raul raúl ravi ray raymond
    rebecca rebekah recep reggie regina reginald regine régis reiner reinhard reinhold rejane rekha remedios
    remi rémi rémy renan renata renate renato renaud rene rené renee renée reto reuben rex reza rhiannon
    rhonda rhys ricarda ricardo riccardo richard rick ricky rico riikka riitta rikke riley rina rini rishi
    risto rita ritu rizki rob robbie robert roberta roberto robin robyn rochelle rocio rocío rodney rodolfo
    rodrigo roger rohan rohit roland rolando rolf romain roman romana romina ron ronald ronan ronja ronnie
    ronny roos rory rosa rosalie rosalind rosamund rosanna rosanne rosaria rosario rose roseanne rosemarie
    rosemary roser rosie ross rossella rowan rowena roxana roxane roxanne roy ruben rubén rubina ruby rudi
    rüdiger rudolf rudolph rufus rui rune rupert russell rusty rutger ruth ryan ryo sabina sabine sabrina
    sacha sachin sadie saeed said saif sakura salim sally salma salman salvador salvatore sam samantha
    sameer sami samia samir samira sammy samuel samy samya sana sanam sandeep sander sandra sandrine sandro
    sandy sania sanjay sanjeev sanna sanne santiago sara sarah sascha saskia satoshi satu saul saurabh
    savannah scarlett scott sean sebastian sebastián sebastiano sébastien segun selena selim selin selina
    selma serena serge sergei sergey sergio sérgio sergiy serkan seth seun seung severin severine séverine
    sevgi şeyma shahid shalina shalini shane shannon shari sharon shashank shaun shauna shauneen shawn
    sheila shelby sheldon shelia shelley shelly sheri sherri sherry sheryl shikha shilpa shinji shirley
    shivani shreya shruti shubham sibel sid siddharth sidney sidsel siegfried sienna signe sigrid sigurd
    silas silja silje silke silvana silvia sílvia silvio simão simon simona simone simran sina sindre sinead
    sinéad siobhan siobhán sipho siri sirpa sissel siti siv skye skyler slawomir smita sneha sofia sofía
    sofie solange soledad solène solenne solveig sonal sonali songül sonia sônia sonja sönke sonya soo-jin
    sophia sophie soren sören srinivas stacey staci stacy staffan stan stanislas stanislav stanisław stefan
    ștefan stefania stefanie stefano steffan steffen steffi steinar stella steph stephan stéphan stephane
    stéphane stephanie stéphanie stephen steve steven stewart stian stig stijn stine stuart sudhin sudhir
    sue şule süleyman suman sumit sun sung-min sunil sunita suresh surya susan susana susann susanna susanne
    susie suzanne suzy svein sven svenja sverre svetlana svitlana swantje swati sylvain sylvester sylvia
    sylvie sylwia szymon søren søs sławomir tabea tabitha tácita tae-hyun takashi takeshi tal talia tam
    tamar tamara tamás tami tamika tammy tania tânia tanja tanvi tanya tara tariq tarja tarun tasha tatiana
    tatjana tatyana taylor tea ted teemu terence teresa tereza teri terje terrance terrence terri terry tess
    tessa thabo thaddeus thais thaís thandi thea themba theo theodor theodore theresa therese thérèse thiago
    thibault thibaut thierry thijs thilo thomas thora thorben thorkild thorsten tiago tibor tiffany tiina
    till tilman tilo tim timmy timo timothy tina tine tineke tino tiziana tobias toby todd tolga tom tomas
    tomás tomáš tomasz tommaso tommy tomoko tone toni tonia tonje tony tonya torben torbjørn tore torgeir
    tori torill torsten toshio tove tracey traci tracy travis trevor trey tricia trine trish tristan troels
    trond troy trude trudi trudy trygve tshepo tuncay tunde tuomas turid tuula tuva tyler tyrone uday udo
    uffe ufuk ugo ulf uli ulla ulrich ulrika ulrike umberto umesh umut unai unni urs urška ursula urszula
    uschi uta ute uwe václav vadim vaibhav valentin valentina valentine valentino valeria valéria valerie
    valérie valerio valery valmar valter vandana vanessa vanja varun vasco vasil vasile vasilis vasily
    vegard velma vera verena vernon veronica verónica verônica veronika véronique vesna vibeke vicente vicki
    vicky victor víctor victoria vidar vidya vijay vikas vikram viktor viktoria vinay vince vincent vincenzo
    vineet vinicius vinícius vinod viola violeta violetta vipin virgil virginia virginie vishal vitor vítor
    vittoria vittorio vivek vivian viviana viviane vivien vlad vladimir vojtěch volkan volker volodymyr wade
    wafaa wahyu waldemar walid wally walter wanda wanjiku wanjiru wayne wenche wendy werner wesley wiebke
    wiktor wilbur wilfred wilfried wilhelm will willa willard willem willemijn william willie willy wilma
    wim winfried winifred winston witold wojciech wolfgang wolfram wouter wyatt xabier xander xavi xavier
    xenia ximena yael yan yana yang yann yannick yara yasemin yash yasin yasmin yasmine yasser yeliz yogesh
    yohan yoko yolanda yonat yong yoshiko yosuke young-ho youssef yuki yuko yulia yuliia yuni yuri yuriy
    yusuf yvan yves yvette yvonne zac zach zachary zack zahra zainab zander zane zanele zara zbigniew zdeněk
    zeke zeynep zoe zoé zoë zoey zofia zoltán zsófia zsolt zuzana zuzanna øystein øyvind łukasz алексeй
    александр александра алексей алексий алена алёна алина алиса алла амина анастасия анатолий андрей андрій
    анна антон антонина арина аркадий арсений артем артём богдан борис вадим валентин валентина валерий
    валерия варвара василий василь вера вероника виктор виктория виталий владимир владислав володимир
    вячеслав віктор вікторія віталій галина геннадий георгий глеб григорий даниил данил дарья денис дмитрий
    дмитро евгений евгения егор екатерина елена елизавета жанна зинаида иван игорь илья инна ирина карина
    катерина кирилл кирило константин кристина ксения лариса лев леонид лидия любовь людмила максим марина
    мария марк марія матвей микола михаил михайло надежда наталия наталья наталя наталія никита николай нина
    оксана олег олександр олександра олексій олена ольга павел павло петр пётр петро полина роман руслан
    светлана світлана семен сергей сергій софия станислав степан сюзанна тамара тарас татьяна тетяна тимофей
    тимур ульяна федор фёдор эдуард эльвира юлия юлія юрий юрій яков яна ярослав ярослава євген іван ігор
    ілля ілона ірина إبراهيم ابراهيم أحمد احمد جمال حسن حسين خالد دينا رامي رنا زينب سارة سالم سامي سعيد
    سلمى سمر طارق عائشة عبد عبدالله علي عمر فادي فاطمة كريم كمال ليلى ماهر محمد محمود مريم مصطفى منى نادية
    نبيل نور هبة هدى هشام وليد ياسر يوسف
    """
)

#: Cities, countries and regions that stand in bylines as datelines, case-folded; "_" joins several words.
#: Places that are as often a surname ("Santos", "Lima") are left out.
PLACES: frozenset[str] = word_set(
    """
    des_moines st_louis st._louis salt_lake_city fort_worth el_paso baton_rouge little_rock santa_fe sioux_falls
    grand_rapids oklahoma_city jersey_city long_island staten_island cape_cod colorado_springs virginia_beach
    el_salvador puerto_rico sri_lanka addis_ababa phnom_penh port-au-prince bad_homburg tel_aviv-yafo nueva_delhi
    alabama alaska arizona arkansas california colorado connecticut florida hawaii idaho illinois iowa kansas kentucky
    louisiana maryland massachusetts michigan minnesota mississippi nebraska nevada ohio oklahoma oregon pennsylvania
    tennessee texas vermont wisconsin wyoming
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
    san santa santo são saint st fort port porto belo los las puerto villa ciudad costa north south east
    west nova nuevo nueva new bad região vale zona distrito grande interior
    """
)

#: Places that are surnames at least as often, so that they stay at the end of a name.
SURNAME_PLACES: frozenset[str] = word_set("france israel holland ireland england santiago oxford wellington")

#: Letters that stand behind a town in datelines: the states of the USA, Brazil, Canada and Australia, without those
#: that are degrees or agencies.
STATES: frozenset[str] = word_set(
    """
    ak al ar az ca co ct dc de fl ga hi ia id il in ks ky la ma me mi mn mo ms mt nc nd ne nh nj nm nv ny oh ok
    or pa ri sc sd tn tx ut va vt wa wi wv wy ac am ba ce df es go mg pb pe pi pr rj rn ro rr rs se to ab bc mb
    nb nl ns nt nu on pei qc sk yt nsw qld tas vic
    """
)

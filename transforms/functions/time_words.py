"""Month and weekday names, and the words of relative times, in the languages that news is published in.

Month and weekday names are those of Unicode CLDR as packaged in Babel 2.18 (wide and abbreviated,
formatting and stand-alone forms), with what
publishers write besides: "sept", "feber", the Levantine and Maghrebi month names. Languages that number
their months (Chinese, Japanese, Korean, Vietnamese) need no names: `transforms.functions.times` reads their
numbers.
"""

from __future__ import annotations

import re
import unicodedata

# One entry per language: twelve months divided by "|", the spellings of each divided by spaces, "_" for a
# space within a name. Where two languages disagree on a word (Croatian "listopad" is October, Polish and
# Czech November) the language of the text decides, else the order here.
_MONTHS: dict[str, str] = {
    "en": (
        "january jan | february feb | march mar | april apr | may | june jun | july jul | august aug | "
        "september sep sept | october oct | november nov | december dec"
    ),
    "de": (
        "januar jan jänner | februar feb feber | märz mär mrz | april apr | mai | juni jun | juli jul | "
        "august aug | september sept sep | oktober okt | november nov | dezember dez"
    ),
    "fr": (
        "janvier janv | février févr | mars | avril avr | mai | juin | juillet juil | août | septembre "
        "sept | octobre oct | novembre nov | décembre déc"
    ),
    "es": (
        "enero ene | febrero feb | marzo mar | abril abr | mayo may | junio jun | julio jul | agosto ago "
        "| septiembre sept setiembre set | octubre oct | noviembre nov | diciembre dic"
    ),
    "pt": (
        "janeiro jan | fevereiro fev | março mar | abril abr | maio mai | junho jun | julho jul | agosto "
        "ago | setembro set | outubro out | novembro nov | dezembro dez"
    ),
    "it": (
        "gennaio gen | febbraio feb | marzo mar | aprile apr | maggio mag | giugno giu | luglio lug | "
        "agosto ago | settembre set | ottobre ott | novembre nov | dicembre dic"
    ),
    "nl": (
        "januari jan | februari feb | maart mrt | april apr | mei | juni jun | juli jul | augustus aug | "
        "september sep | oktober okt | november nov | december dec"
    ),
    "pl": (
        "stycznia sty styczeń | lutego lut luty | marca mar marzec | kwietnia kwi kwiecień | maja maj | "
        "czerwca cze czerwiec | lipca lip lipiec | sierpnia sie sierpień | września wrz wrzesień | "
        "października paź październik | listopada lis listopad | grudnia gru grudzień"
    ),
    "ru": (
        "января янв январь | февраля февр февраль фев | марта мар март | апреля апр апрель | мая май | "
        "июня июн июнь | июля июл июль | августа авг август | сентября сент сентябрь сен | октября окт "
        "октябрь | ноября нояб ноябрь ноя | декабря дек декабрь"
    ),
    "uk": (
        "січня січ січень | лютого лют лютий | березня бер березень | квітня квіт квітень | травня трав "
        "травень | червня черв червень | липня лип липень | серпня серп серпень | вересня вер вересень | "
        "жовтня жовт жовтень | листопада лист листопад | грудня груд грудень"
    ),
    "tr": (
        "ocak oca | şubat şub | mart mar | nisan nis | mayıs may | haziran haz | temmuz tem | ağustos ağu "
        "| eylül eyl | ekim eki | kasım kas | aralık ara"
    ),
    "sv": (
        "januari jan | februari feb | mars | april apr | maj | juni | juli | augusti aug | september sep "
        "| oktober okt | november nov | december dec"
    ),
    "da": (
        "januar jan | februar feb | marts mar | april apr | maj | juni jun | juli jul | august aug | "
        "september sep | oktober okt | november nov | december dec"
    ),
    "nb": (
        "januar jan | februar feb | mars mar | april apr | mai | juni jun | juli jul | august aug | "
        "september sep | oktober okt | november nov | desember des"
    ),
    "fi": (
        "tammikuuta tammi tammikuu | helmikuuta helmi helmikuu | maaliskuuta maalis maaliskuu | "
        "huhtikuuta huhti huhtikuu | toukokuuta touko toukokuu | kesäkuuta kesä kesäkuu | heinäkuuta "
        "heinä heinäkuu | elokuuta elo elokuu | syyskuuta syys syyskuu | lokakuuta loka lokakuu | "
        "marraskuuta marras marraskuu | joulukuuta joulu joulukuu"
    ),
    "cs": (
        "ledna led leden | února úno únor | března bře březen | dubna dub duben | května kvě květen | "
        "června čvn červen | července čvc červenec | srpna srp srpen | září zář | října říj říjen | "
        "listopadu lis listopad | prosince pro prosinec"
    ),
    "sk": (
        "januára jan január | februára feb február | marca mar marec | apríla apr apríl | mája máj | júna "
        "jún | júla júl | augusta aug august | septembra sep september | októbra okt október | novembra "
        "nov november | decembra dec december"
    ),
    "sl": (
        "januar jan | februar feb | marec mar | april apr | maj | junij jun | julij jul | avgust avg | "
        "september sep | oktober okt | november nov | december dec"
    ),
    "hr": (
        "siječnja sij siječanj | veljače velj veljača | ožujka ožu ožujak | travnja tra travanj | svibnja "
        "svi svibanj | lipnja lip lipanj | srpnja srp srpanj | kolovoza kol kolovoz | rujna ruj rujan | "
        "listopada lis listopad | studenoga stu studeni | prosinca pro prosinac"
    ),
    "hu": (
        "január jan | február febr | március márc | április ápr | május máj | június jún | július júl | "
        "augusztus aug | szeptember szept | október okt | november nov | december dec"
    ),
    "ro": (
        "ianuarie ian | februarie feb | martie mar | aprilie apr | mai | iunie iun | iulie iul | august "
        "aug | septembrie sept | octombrie oct | noiembrie nov | decembrie dec"
    ),
    "bg": (
        "януари яну | февруари фев | март | април апр | май | юни | юли | август авг | септември сеп | "
        "октомври окт | ноември ное | декември дек"
    ),
    "el": (
        "ιανουαρίου ιαν ιανουάριος | φεβρουαρίου φεβ φεβρουάριος | μαρτίου μαρ μάρτιος | απριλίου απρ "
        "απρίλιος | μαΐου μαΐ μάιος | ιουνίου ιουν ιούνιος | ιουλίου ιουλ ιούλιος | αυγούστου αυγ "
        "αύγουστος | σεπτεμβρίου σεπ σεπτέμβριος | οκτωβρίου οκτ οκτώβριος | νοεμβρίου νοε νοέμβριος | "
        "δεκεμβρίου δεκ δεκέμβριος"
    ),
    "et": (
        "jaanuar jaan | veebruar veebr | märts | aprill apr | mai | juuni | juuli | august aug | "
        "september sept | oktoober okt | november nov | detsember dets"
    ),
    "lv": (
        "janvāris janv | februāris febr | marts | aprīlis apr | maijs | jūnijs jūn | jūlijs jūl | augusts "
        "aug | septembris sept | oktobris okt | novembris nov | decembris dec"
    ),
    "lt": (
        "sausio saus sausis | vasario vas vasaris | kovo kov kovas | balandžio bal balandis | gegužės geg "
        "gegužė | birželio birž birželis | liepos liep liepa | rugpjūčio rugp rugpjūtis | rugsėjo rugs "
        "rugsėjis | spalio spal spalis | lapkričio lapkr lapkritis | gruodžio gruod gruodis"
    ),
    "is": (
        "janúar jan | febrúar feb | mars mar | apríl apr | maí | júní jún | júlí júl | ágúst ágú | "
        "september sep | október okt | nóvember nóv | desember des"
    ),
    "ca": (
        "de_gener de_gen gener gen | de_febrer de_febr febrer febr | de_març març | d'abril d'abr abril "
        "abr | de_maig maig | de_juny juny | de_juliol de_jul juliol jul | d'agost d'ag agost ag | "
        "de_setembre de_set setembre set | d'octubre d'oct octubre oct | de_novembre de_nov novembre nov "
        "| de_desembre de_des desembre des"
    ),
    "gl": (
        "xaneiro xan | febreiro feb | marzo mar | abril abr | maio | xuño | xullo xul | agosto ago | "
        "setembro set | outubro out | novembro nov | decembro dec"
    ),
    "eu": (
        "urtarrila urt | otsaila ots | martxoa mar | apirila api | maiatza mai | ekaina eka | uztaila uzt "
        "| abuztua abu | iraila ira | urria urr | azaroa aza | abendua abe"
    ),
    "cy": (
        "ionawr ion | chwefror chwef chw | mawrth maw | ebrill ebr | mai | mehefin meh | gorffennaf gorff "
        "gor | awst | medi | hydref hyd | tachwedd tach | rhagfyr rhag"
    ),
    "ga": (
        "eanáir ean | feabhra feabh | márta | aibreán aib | bealtaine beal | meitheamh meith | iúil | "
        "lúnasa lún | meán_fómhair mfómh | deireadh_fómhair dfómh | samhain samh | nollaig noll"
    ),
    "sq": (
        "janar jan | shkurt shk | mars mar | prill pri | maj | qershor qer | korrik korr | gusht gush | "
        "shtator sht | tetor tet | nëntor nën | dhjetor dhj"
    ),
    "sr": (
        "јануар јан | фебруар феб | март мар | април апр | мај | јун | јул | август авг | септембар сеп | "
        "октобар окт | новембар нов | децембар дец"
    ),
    "sr-latn": (
        "januar jan | februar feb | mart mar | april apr | maj | jun | jul | avgust avg | septembar sep | "
        "oktobar okt | novembar nov | decembar dec"
    ),
    "mk": (
        "јануари јан | февруари фев | март мар | април апр | мај | јуни јун | јули јул | август авг | "
        "септември сеп | октомври окт | ноември ное | декември дек"
    ),
    "be": (
        "студзеня сту студзень | лютага лют люты | сакавіка сак сакавік | красавіка кра красавік | мая "
        "май | чэрвеня чэр чэрвень | ліпеня ліп ліпень | жніўня жні жнівень | верасня вер верасень | "
        "кастрычніка кас кастрычнік | лістапада ліс лістапад | снежня сне снежань"
    ),
    "ar": (
        "يناير كانون_الثاني جانفي | فبراير شباط فيفري | مارس آذار | أبريل نيسان أفريل | مايو أيار ماي | "
        "يونيو حزيران جوان | يوليو تموز جويلية | أغسطس آب أوت | سبتمبر أيلول | أكتوبر تشرين_الأول | "
        "نوفمبر تشرين_الثاني | ديسمبر كانون_الأول"
    ),
    "fa": (
        "ژانویهٔ ژانویه | فوریهٔ فوریه | مارس | آوریل | مهٔ مه | ژوئن | ژوئیهٔ ژوئیه | اوت | سپتامبر | "
        "اکتبر | نوامبر | دسامبر"
    ),
    "he": (
        "ינואר ינו | פברואר פבר | מרץ | אפריל אפר | מאי | יוני | יולי | אוגוסט אוג | ספטמבר ספט | אוקטובר "
        "אוק | נובמבר נוב | דצמבר דצמ"
    ),
    "hi": (
        "जनवरी जन॰ | फ़रवरी फ़र॰ | मार्च | अप्रैल | मई | जून | जुलाई जुल॰ | अगस्त अग॰ | सितंबर सित॰ | "
        "अक्टूबर अक्टू॰ | नवंबर नव॰ | दिसंबर दिस॰"
    ),
    "bn": (
        "জানুয়ারী জানু | ফেব্রুয়ারী ফেব | মার্চ | এপ্রিল এপ্রি | মে | জুন | জুলাই জুল | আগস্ট আগ | "
        "সেপ্টেম্বর সেপ | অক্টোবর অক্টো | নভেম্বর নভে | ডিসেম্বর ডিসে"
    ),
    "ur": (
        "جنوری ינואר ינו | فروری פברואר פבר | مارچ מרץ | اپریل אפריל אפר | مئی מאי | جون יוני | جولائی "
        "יולי | اگست אוגוסט אוג | ستمبر ספטמבר ספט | اکتوبر אוקטובר אוק | نومبر נובמבר נוב | دسمبر דצמבר "
        "דצמ"
    ),
    "th": (
        "มกราคม มค | กุมภาพันธ์ กพ | มีนาคม มีค | เมษายน เมย | พฤษภาคม พค | มิถุนายน มิย | กรกฎาคม กค | "
        "สิงหาคม สค | กันยายน กย | ตุลาคม ตค | พฤศจิกายน พย | ธันวาคม ธค"
    ),
    "id": (
        "januari jan | februari feb | maret mar | april apr | mei | juni jun | juli jul | agustus agu agt "
        "ags | september sep | oktober okt | november nov | desember des"
    ),
    "ms": (
        "januari jan | februari feb | mac | april apr | mei | jun | julai jul | ogos ogo | september sep "
        "| oktober okt | november nov | disember dis"
    ),
    "fil": (
        "enero ene | pebrero peb | marso mar | abril abr | mayo may | hunyo hun | hulyo hul | agosto ago "
        "| setyembre set | oktubre okt | nobyembre nob | disyembre dis"
    ),
    "sw": (
        "januari jan | februari feb | machi mac | aprili apr | mei | juni jun | julai jul | agosti ago | "
        "septemba sep | oktoba okt | novemba nov | desemba des"
    ),
    "af": (
        "januarie jan | februarie feb | maart mrt | april apr | mei | junie jun | julie jul | augustus "
        "aug | september sep | oktober okt | november nov | desember des"
    ),
    "az": (
        "yanvar yan | fevral fev | mart mar | aprel apr | may | iyun iyn | iyul iyl | avqust avq | "
        "sentyabr sen | oktyabr okt | noyabr noy | dekabr dek"
    ),
    "ka": (
        "იანვარი იან | თებერვალი თებ | მარტი მარ | აპრილი აპრ | მაისი მაი | ივნისი ივნ | ივლისი ივლ | "
        "აგვისტო აგვ | სექტემბერი სექ | ოქტომბერი ოქტ | ნოემბერი ნოე | დეკემბერი დეკ"
    ),
    "hy": (
        "հունվարի հնվ հունվար | փետրվարի փտվ փետրվար | մարտի մրտ մարտ | ապրիլի ապր ապրիլ | մայիսի մյս "
        "մայիս | հունիսի հնս հունիս | հուլիսի հլս հուլիս | օգոստոսի օգս օգոստոս | սեպտեմբերի սեպ "
        "սեպտեմբեր | հոկտեմբերի հոկ հոկտեմբեր | նոյեմբերի նոյ նոյեմբեր | դեկտեմբերի դեկ դեկտեմբեր"
    ),
    "kk": (
        "қаңтар қаң | ақпан ақп | наурыз нау | сәуір сәу | мамыр мам | маусым мау | шілде шіл | тамыз там "
        "| қыркүйек қыр | қазан қаз | қараша қар | желтоқсан жел"
    ),
}
# Seven weekdays from Monday, in the same form.
_WEEKDAYS: dict[str, str] = {
    "en": "monday mon | tuesday tue | wednesday wed | thursday thu | friday fri | saturday sat | sunday sun",
    "de": "montag mo | dienstag di | mittwoch mi | donnerstag do | freitag fr | samstag sa | sonntag so",
    "fr": "lundi lun | mardi mar | mercredi mer | jeudi jeu | vendredi ven | samedi sam | dimanche dim",
    "es": "lunes lun | martes mar | miércoles mié | jueves jue | viernes vie | sábado sáb | domingo dom",
    "pt": (
        "segunda-feira seg | terça-feira ter | quarta-feira qua | quinta-feira qui | sexta-feira sex | "
        "sábado sáb | domingo dom"
    ),
    "it": "lunedì lun | martedì mar | mercoledì mer | giovedì gio | venerdì ven | sabato sab | domenica dom",
    "nl": "maandag ma | dinsdag di | woensdag wo | donderdag do | vrijdag vr | zaterdag za | zondag zo",
    "pl": (
        "poniedziałek pon | wtorek wt | środa śr | czwartek czw | piątek pt | sobota sob | niedziela niedz"
    ),
    "ru": "понедельник пн | вторник вт | среда ср | четверг чт | пятница пт | суббота сб | воскресенье вс",
    "uk": "понеділок пн | вівторок вт | середа ср | четвер чт | пʼятниця пт | субота сб | неділя нд",
    "tr": "pazartesi pzt | salı sal | çarşamba çar | perşembe per | cuma cum | cumartesi cmt | pazar paz",
    "sv": "måndag mån | tisdag tis | onsdag ons | torsdag tors | fredag fre | lördag lör | söndag sön",
    "da": "mandag man | tirsdag tirs | onsdag ons | torsdag tors | fredag fre | lørdag lør | søndag søn",
    "nb": "mandag man | tirsdag tir | onsdag ons | torsdag tor | fredag fre | lørdag lør | søndag søn",
    "fi": (
        "maanantaina ma maanantai | tiistaina ti tiistai | keskiviikkona ke keskiviikko | torstaina to "
        "torstai | perjantaina pe perjantai | lauantaina la lauantai | sunnuntai su"
    ),
    "cs": "pondělí po | úterý út | středa st | čtvrtek čt | pátek pá | sobota so | neděle ne",
    "sk": "pondelok po | utorok ut | streda st | štvrtok št | piatok pi | sobota so | nedeľa ne",
    "sl": "ponedeljek pon | torek tor | sreda sre | četrtek čet | petek pet | sobota sob | nedelja ned",
    "hr": (
        "ponedjeljak pon | utorak uto | srijeda sri | četvrtak čet | petak pet | subota sub | nedjelja ned"
    ),
    "hu": "hétfő | kedd | szerda sze | csütörtök cs | péntek | szombat szo | vasárnap",
    "ro": "luni lun | marți mar | miercuri mie | joi | vineri vin | sâmbătă sâm | duminică dum",
    "bg": "понеделник пн | вторник вт | сряда ср | четвъртък чт | петък пт | събота сб | неделя нд",
    "el": "δευτέρα δευ | τρίτη τρί | τετάρτη τετ | πέμπτη πέμ | παρασκευή παρ | σάββατο σάβ | κυριακή κυρ",
    "et": "esmaspäev | teisipäev | kolmapäev | neljapäev | reede | laupäev | pühapäev",
    "lv": (
        "pirmdiena pirmd | otrdiena otrd | trešdiena trešd | ceturtdiena ceturtd | piektdiena piektd | "
        "sestdiena sestd | svētdiena svētd"
    ),
    "lt": (
        "pirmadienis pr | antradienis an | trečiadienis tr | ketvirtadienis kt | penktadienis pn | "
        "šeštadienis št | sekmadienis sk"
    ),
    "is": (
        "mánudagur mán | þriðjudagur þri | miðvikudagur mið | fimmtudagur fim | föstudagur fös | "
        "laugardagur lau | sunnudagur sun"
    ),
    "ca": "dilluns dl | dimarts dt | dimecres dc | dijous dj | divendres dv | dissabte ds | diumenge dg",
    "gl": "luns | martes mar | mércores mér | xoves xov | venres ven | sábado sáb | domingo dom",
    "eu": (
        "astelehena al | asteartea ar | asteazkena az | osteguna og | ostirala or | larunbata lr | igandea ig"
    ),
    "cy": (
        "dydd_llun llun | dydd_mawrth maw | dydd_mercher mer | dydd_iau iau | dydd_gwener gwen gwe | "
        "dydd_sadwrn sad | dydd_sul sul"
    ),
    "ga": (
        "dé_luain luan | dé_máirt máirt | dé_céadaoin céad | déardaoin déar | dé_haoine aoine | "
        "dé_sathairn sath | dé_domhnaigh domh"
    ),
    "sq": (
        "e_hënë hën | e_martë mar | e_mërkurë mër | e_enjte enj | e_premte pre | e_shtunë sht | e_diel die"
    ),
    "sr": "понедељак пон | уторак уто | среда сре | четвртак чет | петак пет | субота суб | недеља нед",
    "sr-latn": (
        "ponedeljak pon | utorak uto | sreda sre | četvrtak čet | petak pet | subota sub | nedelja ned"
    ),
    "mk": "понеделник пон | вторник вто | среда сре | четврток чет | петок пет | сабота саб | недела нед",
    "be": "панядзелак пн | аўторак аў | серада ср | чацвер чц | пятніца пт | субота сб | нядзеля нд",
    "ar": "الاثنين | الثلاثاء | الأربعاء | الخميس | الجمعة | السبت | الأحد",
    "fa": "دوشنبه | سه‌شنبه | چهارشنبه | پنجشنبه | جمعه | شنبه | یکشنبه",
    "he": (
        "יום_שני יום_ב | יום_שלישי יום_ג | יום_רביעי יום_ד | יום_חמישי יום_ה | יום_שישי יום_ו | יום_שבת "
        "שבת | יום_ראשון יום_א"
    ),
    "hi": "सोमवार सोम | मंगलवार मंगल | बुधवार बुध | गुरुवार गुरु | शुक्रवार शुक्र | शनिवार शनि | रविवार रवि",
    "bn": ("সোমবার সোম | মঙ্গলবার মঙ্গল | বুধবার বুধ | বৃহস্পতিবার বৃহস্পতি | শুক্রবার শুক্র | শনিবার শনি | রবিবার রবি"),
    "ur": "پیر | منگل | بدھ | جمعرات | جمعہ | ہفتہ | اتوار",
    "th": "วันจันทร์ | วันอังคาร | วันพุธ | วันพฤหัสบดี พฤ | วันศุกร์ | วันเสาร์ | วันอาทิตย์ อา",
    "id": "senin sen | selasa sel | rabu rab | kamis kam | jumat jum | sabtu sab | minggu min",
    "ms": "isnin isn | selasa sel | rabu rab | khamis kha | jumaat jum | sabtu sab | ahad ahd",
    "fil": "lunes lun | martes mar | miyerkules miy | huwebes huw | biyernes biy | sabado sab | linggo lin",
    "sw": "jumatatu | jumanne | jumatano | alhamisi | ijumaa | jumamosi | jumapili",
    "af": "maandag ma | dinsdag di | woensdag wo | donderdag do | vrydag vr | saterdag sa | sondag so",
    "az": "bazar_ertəsi be | çərşənbə_axşamı ça | çərşənbə | cümə_axşamı ca | cümə | şənbə | bazar",
    "ka": (
        "ორშაბათი ორშ | სამშაბათი სამ | ოთხშაბათი ოთხ | ხუთშაბათი ხუთ | პარასკევი პარ | შაბათი შაბ | "
        "კვირა კვი"
    ),
    "hy": (
        "երկուշաբթի երկ | երեքշաբթի երք | չորեքշաբթի չրք | հինգշաբթի հնգ | ուրբաթ ուր | շաբաթ շբթ | "
        "կիրակի կիր"
    ),
    "kk": "дүйсенбі дс | сейсенбі сс | сәрсенбі ср | бейсенбі бс | жұма жм | сенбі сб | жексенбі жс",
}
_SECOND, _MINUTE, _HOUR, _DAY, _WEEK, _MONTH, _YEAR = 1, 60, 3600, 86400, 7 * 86400, 30 * 86400, 365 * 86400

# The names of units as they follow a number; a month counts 30 days and a year 365, as "3 months ago" is no
# nearer.
_UNITS: dict[int, str] = {
    _SECOND: (
        "second seconds sec secs s sekunde sekunden seconde secondes segundo segundos secondo secondi "
        "seconden sekund sekunder sekundy секунд секунды секунду секунди saniye detik giây δευτερόλεπτα "
        "ثانية ثواني שניות"
    ),
    _MINUTE: (
        "minute minutes min mins m minuten minuto minutos minuti minuut minuter minutter minut minuty "
        "minutę minuta минут минуты минуту мин хвилин хвилини хвилину минути dakika dk menit phút perc "
        "minuuttia λεπτά λεπτό דקות دقيقة دقائق मिनट นาที"
    ),
    _HOUR: (
        "hour hours hr hrs h stunde stunden std heure heures hora horas ora ore uur timme timmar time "
        "timer godzina godziny godzinę godzin godz час часа часов годину години годин saat sa jam giờ óra "
        "órája tuntia hodin hodinami hodinou ώρες ώρα שעות שעה ساعة ساعات ساعت घंटे ชั่วโมง"
    ),
    _DAY: (
        "day days d tag tagen tage jour jours día días dia dias giorno giorni dag dagen dagar dager dage "
        "dzień dni день дня дней дні днів gün hari ngày nap napja päivää dny dnem zile zi ημέρες ημέρα "
        "ימים يوم أيام दिन วัน"
    ),
    _WEEK: (
        "week weeks wk wks w woche wochen semaine semaines semana semanas settimana settimane weken vecka "
        "veckor uke uker uge uger tydzień tygodnie tygodni неделю недели недель тиждень тижні тижнів hafta "
        "minggu tuần hét hete viikkoa týdny týdnem săptămâni săptămână εβδομάδες שבועות أسبوع أسابيع"
    ),
    _MONTH: (
        "month months monat monaten monate mois mes meses mese mesi maand maanden månad månader måned "
        "måneder miesiąc miesiące miesięcy месяц месяца месяцев місяць місяці місяців ay bulan hónap "
        "kuukautta měsíci luni lună μήνες"
    ),
    _YEAR: (
        "year years yr yrs y jahr jahren jahre an ans année années año años ano anos anno anni jaar jaren "
        "år rok lata lat год года лет рік роки років yıl tahun năm éve vuotta lety ani χρόνια"
    ),
}

# Words that make "2 hours" a time in the past.
_AGO = (
    "ago earlier vor il_y_a hace há ha fa atrás atras geleden sedan siden temu назад тому önce yang_lalu "
    "lalu trước πριν לפני قبل منذ před pred acum ezelőtt sitten преди पहले ที่แล้ว ที่ผ่านมา"
)

# Spelled-out ones, as in "an hour ago", "vor einer Stunde".
_ONES = "a an one ein eine einer einem un une una uno um uma en ett et een jedna jednu bir"

_DAY_WORDS: dict[int, str] = {
    0: (
        "today heute aujourd'hui aujourdhui hoy hoje oggi vandaag idag i_dag dziś dzisiaj сегодня сьогодні "
        "bugün dnes danas azi ma tänään σήμερα היום اليوم 今日 今天 오늘 hari_ini hôm_nay आज วันนี้"
    ),
    -1: (
        "yesterday gestern hier ayer ontem ieri gisteren igår i_går wczoraj вчера вчора dün včera jučer "
        "tegnap eilen χθες χτες אתמול أمس 昨日 昨天 어제 kemarin hôm_qua เมื่อวาน"
    ),
}

_NOW_WORDS = "just_now now gerade_eben à_l'instant ahora agora adesso zojuist 刚刚 剛剛 たった今 방금"

_COMBINING = re.compile(r"[\u0300-\u036f.'’ʼ]")


def fold_word(word: str) -> str:
    """A word without case, accents, dots and apostrophes, for look-up: "Févr." -> "fevr".

    Marks outside Latin, Greek and Cyrillic are letters in all but name (Thai, Hindi) and stay.
    """
    if word.isascii():
        return word.lower().replace(".", "").replace("'", "")
    folded = _COMBINING.sub("", unicodedata.normalize("NFKD", word.casefold()))
    return folded.replace("ı", "i")


def _names(table: dict[str, str]) -> dict[str, dict[str, int]]:
    """Language -> folded name -> its place in the year or week, from 1."""
    return {
        language: {
            fold_word(name.replace("_", " ")): number
            for number, names in enumerate(line.split("|"), 1)
            for name in names.split()
        }
        for language, line in table.items()
    }


def _merged(tables: dict[str, dict[str, int]]) -> dict[str, int]:
    """All languages in one; the first that has a word decides."""
    merged: dict[str, int] = {}
    for table in tables.values():
        for name, number in table.items():
            merged.setdefault(name, number)
    return merged


def _word_set(words: str) -> frozenset[str]:
    return frozenset(fold_word(word.replace("_", " ")) for word in words.split())


_MONTHS_BY_LANGUAGE = _names(_MONTHS)
_ALL_MONTHS = _merged(_MONTHS_BY_LANGUAGE)
_WEEKDAYS_BY_LANGUAGE = _names(_WEEKDAYS)
_ALL_WEEKDAYS = _merged(_WEEKDAYS_BY_LANGUAGE)
_UNIT_SECONDS = {
    unit: seconds for seconds, units in sorted(_UNITS.items(), reverse=True) for unit in _word_set(units)
}
_AGO_WORDS = _word_set(_AGO)
_ONE_WORDS = _word_set(_ONES)
_DAY_OFFSETS = {word: offset for offset, words in _DAY_WORDS.items() for word in _word_set(words)}
_NOW = _word_set(_NOW_WORDS)

# Endings after a name ("martxoaren", "марта-месяца") are let pass where this much of it is a name.
_MIN_STEM = 5


def month_number(word: str, language: str | None = None) -> int | None:
    """The month, 1 to 12, that a word names in any of the languages; None where it names none.

    language: lower-case code ("hr", "pt-br"): its own names come first.
    """
    folded = fold_word(word)
    own = _MONTHS_BY_LANGUAGE.get((language or "").split("-")[0])
    if own is not None and folded in own:
        return own[folded]
    if folded in _ALL_MONTHS:
        return _ALL_MONTHS[folded]
    # Hebrew writes "in" as a prefix: "30 במרץ 2022".
    if folded[:1] == "ב" and folded[1:] in _ALL_MONTHS:
        return _ALL_MONTHS[folded[1:]]
    for end in range(min(len(folded) - 1, 16), _MIN_STEM - 1, -1):
        if folded[:end] in _ALL_MONTHS:
            return _ALL_MONTHS[folded[:end]]
    return None


def weekday_number(word: str, language: str | None = None) -> int | None:
    """The weekday, 1 (Monday) to 7, that a word names; None where it names none. language: as for months."""
    folded = fold_word(word)
    own = _WEEKDAYS_BY_LANGUAGE.get((language or "").split("-")[0])
    if own is not None and folded in own:
        return own[folded]
    return _ALL_WEEKDAYS.get(folded)


def unit_seconds(word: str) -> int | None:
    """The length in seconds of the unit that a word names ("hours", "Stunden"); None where it names none."""
    return _UNIT_SECONDS.get(fold_word(word))


def is_ago(phrase: str) -> bool:
    """Whether a word, or words with a space between, put a span into the past: "ago", "vor", "il y a"."""
    return fold_word(phrase) in _AGO_WORDS


def is_one(word: str) -> bool:
    """Whether a word is an article that stands for the number one: "an hour ago"."""
    return fold_word(word) in _ONE_WORDS


def day_offset(phrase: str) -> int | None:
    """0 for words that mean today, -1 for yesterday, None for others."""
    return _DAY_OFFSETS.get(fold_word(phrase))


def is_now(phrase: str) -> bool:
    """Whether words say that it is just happening: "just now"."""
    return fold_word(phrase) in _NOW

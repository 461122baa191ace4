"""The words that bylines are made of besides names, by what they do, in the languages that newsrooms write
in.

`WORDS` maps a word, case-folded and without its final period, to its kind. A word that has two readings is
left out, or is in the kind whose rule looks at what stands beside it.
"""

from __future__ import annotations

from types import MappingProxyType


def word_set(text: str) -> frozenset[str]:
    """The words of a text, set apart by spaces: how this package writes its lists of words."""
    return frozenset(text.split())


#: "By Jane Doe": what follows is written by whom it names.
BY = "by"
#: As BY at the start of a part, else a particle of a name ("Alexa von Heyden", "Hilma af Klint").
BY_OR_PARTICLE = "by_or_particle"
#: Joins names.
AND = "and"
#: Joins names, or means something else ("en" is "and" in Dutch and "in" in Spanish): both sides decide.
WEAK_AND = "weak_and"
#: What follows is a place or a circumstance, as far as the next separator.
PREPOSITION = "preposition"
#: What follows is an organisation ("for the Daily Mail").
FOR = "for"
#: The article before a title of a publication.
THE = "the"
#: What a person is: what follows, and what leads up to it, is no name.
ROLE = "role"
#: What may stand before a role ("political", "Deputy"); alone it may be a name.
ROLE_MODIFIER = "role_modifier"
#: Nobody in particular: staff, editors, agencies, admin.
STAFF = "staff"
#: A credit for the words: what it names are authors ("Reporting by", "Text:").
WRITER = "writer"
#: A credit for something else ("Editing by", "Photos:").
OTHER_CREDIT = "other_credit"
#: What names the source ("Quelle: ...").
SOURCE = "source"
#: Part of an organisation's name, at its end or start ("Times", "University").
ORGANISATION = "organisation"
#: An organisation all by itself, wherever it stands.
AGENCY = "agency"
#: What pages put beside a byline ("Share", "Follow").
FURNITURE = "furniture"
#: Begins a sentence about the author ("is", "covers").
PROSE = "prose"
#: Part of a date or time wherever it stands ("Sept", "Uhr").
TIME = "time"
#: Part of a date or time beside a number ("May", "Sun", "ago").
MAYBE_TIME = "maybe_time"
#: A title before a name, dropped.
TITLE = "title"
#: A degree after a name, dropped.
DEGREE = "degree"
#: Belongs to the name before it: "Jr.", "III".
SUFFIX = "suffix"
#: A lower-case part of a name: "van", "de", "al".
PARTICLE = "particle"

_KINDS: tuple[tuple[str, str], ...] = (
    (
        BY,
        """
        подготовил подготовила подготовили беседовал беседовала беседовали записал записала написал
        написала написали підготував підготувала підготували спілкувався спілкувалася розмовляв розмовляла
        записав napisał napisała napisali opracował opracowała przygotował przygotowała napsal napsala
        připravil připravila napisao napisala piše napísal napísala hazırlayan geschreven του της των
        by par por door przez av autor автора авторы escribe escriben escrito geschrieben skrevet skriven
        écrit scritto yazan kaleme tarafından od बाय بقلم كتب كتبت إعداد اعداد تقرير بواسطة ba oleh bởi
        autor: autore auteur auteure autora autorzy autorka автор автори авторка текст szerző írta
        kirjoittanut
        """,
    ),
    (BY_OR_PARTICLE, "von vom af di da de"),
    (
        AND,
        """
        and & und et e y och og ve и і та oraz samt sowie plus with mit avec con com met z с із dan và και و
        مع और ja és și şi un feat ft w/ tillsammans
        """,
    ),
    (WEAK_AND, "en i a med"),
    (
        PREPOSITION,
        """
        in at from on of im am aus an em à au aux dans depuis bei beim nach seit um over op uit te i på fra
        från w we na ze wo no nos nas desde en dal dalla a ad nella nel sur chez sous into near about during
        в во из на о об у з із до від по für في من الى إلى عن على del dello as über tell told
        """,
    ),
    (FOR, "for para pour per via für till til voor dla для için special"),
    (THE, "the"),
    (
        ROLE,
        """
        avustaja kirjeenvaihtaja dopisnik dopisnica novinar novinarka redaktorė újságíró tudósító muhabirimiz
        reporter reporters correspondent correspondents editor writer writers columnist contributor
        contributors journalist journalists photographer blogger producer anchor host presenter analyst
        commentator critic author's publisher founder co-founder cofounder ceo director manager officer
        president chairman chair professor lecturer researcher scientist fellow economist historian attorney
        lawyer minister chaplain intern owner partner expert consultant strategist adviser advisor
        meteorologist videographer photojournalist designer translator curator specialist coordinator
        executive assistant chief head leader representative spokesperson spokesman spokeswoman stringer
        newsman newswoman copywriter freelancer vlogger essayist novelist teacher student candidate
        redakteur redakteurin chefredakteur chefredakteurin korrespondent korrespondentin reporterin autorin
        journalistin volontär volontärin kolumnist kolumnistin kommentator herausgeber ressortleiter
        ressortleiterin korrespondenten reportern redakteuren mitarbeitern ressort leiter leiterin fotograf
        fotografin gastautor gastautorin geschäftsführer geschäftsführerin professorin wissenschaftler
        wissenschaftlerin mitarbeiter mitarbeiterin politikredakteur sportredakteur wirtschaftsredakteur
        rédacteur rédactrice journaliste correspondante envoyé envoyée chroniqueur chroniqueuse
        éditorialiste grand grande pigiste stagiaire directeur directrice économiste écrivain redactor
        redactora periodista corresponsal corresponsales enviado enviada enviados columnista editora
        reportera reportero jefe jefa directora colaborador colaboradora becario escritor escritora repórter
        jornalista correspondente correspondentes colunista articulista estagiário estagiária editor-chefe
        redator redatora colaboração especial especiais giornalista corrispondente inviato inviata redattore
        redattrice caporedattore direttore direttrice verslaggever verslaggeefster redacteur redactrice
        columniste hoofdredacteur medewerker journalista dziennikarz dziennikarka korespondent
        korespondentka redaktor redaktorka publicysta reportér komentátor redaktør redaktör journalistik
        skribent krönikör utrikeskorrespondent muhabir muhabiri editör yazar yazarı köşe gazeteci toimittaja
        журналист журналистка корреспондент корреспондентка обозреватель редактор спецкор колумнист фотограф
        журналіст журналістка кореспондент кореспондентка оглядач редакторка спецкореспондент публицист
        مراسل مراسلة صحفي صحفية كاتب كاتبة محرر محررة wartawan penulis reporter: profesorius žurnalistas
        žurnalistė korespondentas korespondentė
        """,
    ),
    (
        ROLE_MODIFIER,
        """
        senior junior chief deputy assistant associate managing executive contributing freelance
        staff-writer lead principal special political politics business technology tech science health
        sports sport education culture cultural environment environmental climate economics economic finance
        financial legal crime diplomatic national international foreign investigative investigations
        features feature lifestyle entertainment arts travel food fashion music film local regional city
        county state statehouse metro courts court police social digital data multimedia audience engagement
        content consumer money property housing transport transportation energy security defense defence war
        royal parliamentary congressional white capitol hill house washington westminster european asia
        africa europe middle east global world gear general guest visiting former acting co independent
        editorial opinion commentary news breaking video audio photo live weather religion race gender
        community real estate personal markets market investment banking tax trade labour labor workplace
        media tv show football cricket rugby tennis golf baseball basketball hockey soccer motoring
        motorsport politik wirtschaft kultur wissen technik panorama formel formula politique économie
        política economía freie freier leitender leitende stellvertretende stellvertretender ehemaliger
        politischer politische grand envoyée spéciale spécial especial enviado
        """,
    ),
    (
        STAFF,
        """
        merkezi
        submitted superuser agenturmaterial agenturinformationen agenturberichten webdesk
        staff newsroom editors admin administrator webmaster redaktion redaktionen redaktionsteam redacción
        redacao redação redazione rédaction redactie redaksjonen redakcja redakce redakcia toimitus
        redaktsiya редакция редакція desk team crew agencies agentur agenturen agences agencias agências
        agenzie wires wire bureau pool handout contributor(s) readers guests anonymous unknown none n/a null
        undefined moderator onlineredaktion online-redaktion webredaktion newsdesk newsteam hosts host(s)
        tim redaksi تحرير التحرير وكالات editorial-board board equipo équipe equipe squadra
        """,
    ),
    (
        WRITER,
        """
        servizio inchiesta commento crónica enquête récit chronique billet
        teksti tekstit besedilo cura κείμενο szöveg artikkeli reportáž komentář komentár komentar
        reporting reported writing written writes analysis opinion story stories words text texte texto
        testo tekst article artikel artículo artigo articolo author authors verfasser verfasst kommentar
        kommentare commentary comment kolumne kolonne column columna coluna interview interviews interviste
        entretien entrevista intervista posted essay review rezension recension recensione recensie
        interactive perspective dispatch reportage report reports reportaje reportagem bericht opinie
        opinión opinião analyse analyze análisis análise analisi erstellt gastbeitrag gastkommentar
        leitartikel beitrag protokoll aufgezeichnet notiert propos recueillis compiled contributed narrated
        script byline autoren dossier reportaż rozmawiał rozmawiała wywiad dispatches haber röportaj
        röportajı репортаж интервью мнение колонка reporterzy tekstas parengė
        """,
    ),
    (
        OTHER_CREDIT,
        """
        traduit traduite traduits tradotto vertaald översatt oversat tłumaczył fotoğraf fotoğraflar
        reviewed checked fact-checked factchecked proofread
        kuvat kuva kuvaaja valokuvat fotó fotók képek ảnh φωτογραφία φωτογραφίες snímky
        перевёл перевел перевела иллюстрации
        editing edited photo photos photograph photographs photography pictures picture image images
        illustration illustrations illustrated graphic graphics video videos videography camera design
        designed layout produced production producing translated translation translating hosted theme
        courtesy audio music cinematography animation foto fotos fotografie fotografía fotografia bild
        bilder bildmaterial illustrationen grafik kamera schnitt übersetzung übersetzt bearbeitet
        bearbeitung lektorat photographie photographies vidéo montage traduction édité édition traducción
        traducido edición editado tradução traduzido edição imagem imagens montaggio traduzione foto's beeld
        fotografi fotografier zdjęcia zdjęcie fot tłumaczenie opracowanie фото иллюстрация перевод монтаж
        видео зображення переклад صور تصوير ترجمة powered
        """,
    ),
    (SOURCE, "quelle source fuente fonte bron källa kilde kaynak źródło zdroj источник джерело المصدر"),
    (
        ORGANISATION,
        """
        news times post tribune herald gazette journal independent observer chronicle press media magazine
        network today daily weekly radio tv television broadcasting online digital foundation institute
        university universität université universidad universidade college school association union
        federation society centre center council committee commission ministry department agency group
        company inc ltd llc gmbh ag corp corporation partners project initiative program programme services
        service studios studio productions entertainment international zeitung nachrichten anzeiger kurier
        rundschau tagblatt tageblatt rundfunk verband verein bund gewerkschaft stiftung verlag blog blogs
        forum portal jornal diário diario periódico núcleo instituto fundação fundación universiteto
        universitet uniwersytet agência agencia agenzia agentur associazione associação asociación giornale
        quotidiano rádio rivista revista gazeta dziennik tidning tidningen avis avisen gazetesi gazete
        ajansı haberleri телеканал агентство газета издание агенство агентція صحيفة وكالة قناة جريدة خاص
        party church club library museum hospital police globe sentinel dispatch examiner bulletin
        reporter-herald ledger inquirer register advocate courier mirror telegraph examiner-news insider
        newspaper newswire newspapers wikipedia contributors getty estado
        """,
    ),
    (
        AGENCY,
        """
        uol
        рейтер ройтерс bnn yahoo رويترز الأناضول سبوتنيك
        reuters reuter afp ap dpa apa efe ansa tass upi xinhua lusa anp sda ats jiji kyodo yonhap pti ani
        ians tt ntb ritzau stt pap čtk ctk mti epd kna sid ots interfax тасс риа интерфакс укринформ
        укрінформ униан уніан cnn bbc npr nbc abc cbs pbs msnbc cnbc bloomberg huffpost g1 globonews ndr wdr
        mdr zdf ard swr rbb srf orf nrk svt getty tns aap agencies antara bernama anadolu iha dha newsource
        npg
        """,
    ),
    (
        FURNITURE,
        """
        share save add preferred google facebook twitter instagram linkedin whatsapp telegram youtube email
        e-mail mail comment(s) comments print copy link bookmark subscribe subscriber newsletter follow
        follows contact kontakt published updated update modified created view views all alle alles posts
        more ver más read-time social links navigation menu search home login anmelden registrieren
        abonnieren teilen drucken merken kommentare compartir copiar enlace suscríbete iniciar sesión esta
        actualizado actualizada publicado publicada actualidad partager imprimer publié publiée
        veröffentlicht aktualisiert geändert zuletzt stand lesezeit reading read: minutes minuten chcete-li
        článek poslouchat přihlaste sdílet tips compartilhe compartilhar atualizado atualizada comentários
        condividi pubblicato aggiornato udostępnij komentarze paylaş güncellendi yayınlanma поделиться
        обновлено опубликовано подписаться photo/ file via: hidden protected exclusive advertisement
        sponsored premium plus+ abo datum date by-line byline sign up here about uhrzeit hide show play
        listen audio: font size text-size small medium large caption full bio biography profile profil
        website url http https www com tel phone fax creative commons lizenz license licence copyright
        rights reserved
        """,
    ),
    (
        PROSE,
        """
        is was has have are were will covers covered writes works worked lives joined serves reports studied
        said says ist war hat schreibt arbeitet lebt studierte berichtet sagt interessiert est était écrit
        travaille couvre vit es fue trabaja cubre é foi escreve trabalha cobre scrive lavora sono är skriver
        jobbar er arbejder jest pisze pracuje пишет работает является пише працює who which that can because
        when where why how what this these
        """,
    ),
    (
        TIME,
        """
        january february september october november december sept oct nov dec feb januar jänner februar märz
        juni juli oktober dezember janvier février avril juin juillet août septembre octobre novembre
        décembre enero febrero abril mayo junio julio agosto septiembre setiembre octubre noviembre
        diciembre janeiro fevereiro março maio junho julho setembro outubro novembro dezembro gennaio
        febbraio marzo aprile maggio giugno luglio settembre ottobre dicembre januari februari maart mei
        augusti stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada
        grudnia января февраля марта апреля мая июня июля августа сентября октября ноября декабря січня
        лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня ocak şubat mart
        nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık يناير فبراير مارس أبريل ابريل مايو يونيو
        يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر monday tuesday wednesday thursday friday saturday sunday
        montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag lundi mardi mercredi jeudi
        vendredi samedi dimanche lunes martes miércoles jueves viernes sábado segunda-feira terça-feira
        quarta-feira quinta-feira sexta-feira lunedì martedì mercoledì giovedì venerdì sabato maandag
        dinsdag woensdag donderdag vrijdag zaterdag zondag понедельник вторник среда четверг пятница суббота
        воскресенье uhr gmt utc cet cest edt pdt cdt mdt bst jst aest msk klo heure heures horas
        """,
    ),
    (
        MAYBE_TIME,
        """
        jan mar apr may jun jul aug june july march april august mai mars avr mag set out dez mär mrt okt
        maj mon tue tues wed thu thur thurs fri sat sun est pst cst mst ist et pt ct eat sgt hkt am pm a.m
        p.m ago hours hour hrs min mins days day weeks week months month years year today yesterday vor
        stunden stunde minuten tagen tag hace horas hora h
        """,
    ),
    (
        TITLE,
        """
        rt brig adm cmdr
        rer phil jur habil h.c ing.arch mgr. mudr judr phdr д-р د أ.د prof.dr
        dr prof professor sir dame lord lady mr mrs ms mx rev reverend hon sen. rep gov gen. col. maj. capt
        lt sgt us u.s dipl.-ing dipl ing lic dott dottor dottoressa prof.in dra doctor monsieur madame mme
        mlle herr frau señor señora sr. sra dom doña rabbi imam sheikh pastor bishop archbishop cardinal
        pater sen gen col maj ambassador senator congressman congresswoman governor mayor privatdozent pd
        ph.d. univ.-prof проф доктор
        """,
    ),
    (
        DEGREE,
        """
        phd ph.d md m.d mba m.b.a esq jd j.d rn msc m.sc bsc b.sc dds d.d.s cpa mbe obe cbe qc kc llm ll.m
        mph m.p.h m.a b.a d.phil dphil frs mp mep msp dvm cfa cfp pharmd facp facs edd ed.d mfa m.f.a lcsw
        frcp
        """,
    ),
    (SUFFIX, "jr sr ii iii iv jnr snr júnior"),
    (
        PARTICLE,
        """
        van der den des du la le lo los las do dos das della dello delle degli dei dal al el ul as ash bin
        ibn bint ben abu ter ten te zu zum zur auf 't 's d' y ap ab st de-la ould
        """,
    ),
)  # fmt: skip


def _words() -> dict[str, str]:
    words: dict[str, str] = {}
    for kind, text in _KINDS:
        for word in text.split():
            # The first kind that claims a word has it: the order above is by weight.
            words.setdefault(word.rstrip(".:"), kind)
    return words


#: Word, case-folded, without its final period -> kind.
WORDS = MappingProxyType(_words())

#: Words of the kinds above that are surnames too: after one given name and before a separator, they are one.
SURNAMES_TOO = word_set(
    """
    staff post press page day star sun times herald bishop dean king judge major chancellor painter writer
    head chief junior pool bureau wire desk news house hill east west white state city food music film small large
    print sage gear best college church school globe journal forum club mirror courier register fellow host
    anchor partner grand marques may march june august monday friday sunday read link stand
    """
)

#: Of the role modifiers, those that end an organisation's name too: "Reiterrevue International".
ORGANISATIONS_TOO = word_set(
    """
    international news media entertainment tv sports national global independent digital
    """
)

#: Begin a sentence where a word in lower case follows: "You can email", "Sie schreibt".
PRONOUNS = word_set(
    """
    you he she they we i sie er wir il elle ella él ele ela hij zij han hon hun он она
    """
)

#: Parts of one word that names a publication or an account rather than a person.
ACCOUNT_PARTS = (
    "news", "info", "media", "press", "redak", "redac", "online", "magazin", "zeitung", "blog", "admin", "team",
    "webmaster", "editor", "desk", "staff", "spiegel", "anzeiger", "kurier", "blatt", "rundschau", "nachrichten",
    "noreply", "no-reply", "contact", "support", "office", "newsletter", "tribune", "gazette", "journal", "radio",
)  # fmt: skip

#: Top-level domains that a word with a period ends in when it is an address: "Dailymail.Com",
#: "nieuwsblad.be".
ADDRESS_ENDINGS = word_set(
    """
    com org net info biz tv io co uk us de at ch fr it es pt br mx ar cl be nl lu se no dk fi is pl cz sk hu
    ro bg gr hr si rs lt lv ee ru ua by tr il ir in pk bd lk np th vn my sg id ph jp kr cn hk tw au nz za ke
    ng gh eg ma ie eu news live blog media online ca press today world
    """
)

#: Roles that, with a colon behind them, credit somebody for something else than the words.
OTHER_ROLES = word_set(
    """
    photographer photographers videographer editor editors fotograf fotografin fotografen fotografo fotografa fotógrafo
    fotógrafa photographe valokuvaaja фотограф illustrator translator producer
    """
)

#: What content systems and offices call themselves where a person's name would stand.
NO_NAMES = frozenset(
    {
        "super user", "site admin", "site administrator", "web admin", "web editor", "web master", "press release",
        "news release", "guest author", "guest post", "guest blogger", "guest writer", "default user", "test user",
        "demo user", "user name", "first last", "your name", "sponsored content", "partner content", "paid content",
    }
)  # fmt: skip

#: "Our", as in "dal nostro inviato" and "Van onze correspondent": who follows has written.
OURS = word_set(
    """
    our onze unser unserem unserer unseren notre nos nostro nostra nostri nuestro nuestra nosso nossa vår vores nasz
    nasza nasi наш наша
    """
)

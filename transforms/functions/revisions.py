"""What of an article's text counts when two fetches of it are compared: whether it was changed, or only set anew.

    text -> lines -> without furniture (counters, times of updating, related links, share bars) -> folded

Pages and feeds carry lines that change while the article doesn't: "1,204 views", "Updated 5 minutes ago", "Most read"
with today's headlines. Each rule here takes whole lines, and only lines of which every word is known to it or that
begin with a fixed label; a sentence is never taken. What is not recognised counts: a needless version can be told by a
reader, a correction that was swallowed can't.

The results are for comparing (hashing), never for storing.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Iterator, Mapping, Sequence

from transforms.functions.identity import comparable_text


def _word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What a word of a furniture line is, in bits.
_NUMBER, _COUNTED, _TOLD, _TIMES = 1, 2, 4, 8
_LABEL, _AGO, _SHORT_UNIT, _TIME = 16, 32, 64, 128
_READING, _MINUTE, _SHARE, _NETWORK, _FILLER = 256, 512, 1024, 2048, 4096

# Which words a line of each sort may have.
_COUNTER_LINE = _NUMBER | _COUNTED | _TOLD | _TIMES | _FILLER
_TIME_LINE = _NUMBER | _LABEL | _AGO | _SHORT_UNIT | _MINUTE | _TIME | _FILLER
_READING_LINE = _NUMBER | _READING | _MINUTE | _FILLER
_SHARE_LINE = _NUMBER | _COUNTED | _SHARE | _NETWORK | _FILLER

# Words by what they are; a word may stand in several. Languages run together, since no line mixes them to mean
# something else. Case is folded; "2h", "5分" and "1.2k" fall apart into figures and letters before they are looked up.
_VOCABULARY: tuple[tuple[int, str], ...] = (
    (
        _COUNTED,
        """view views pageviews comment comments shares likes like retweets reactions replies aufrufe zugriffe
        kommentar kommentare vue vues lectures commentaire commentaires partages réactions vistas visitas
        lecturas comentario comentarios compartidos visualizzazioni letture commento commenti condivisioni
        visualizações visualizacoes leituras comentário comentários compartilhamentos partilhas weergaven
        reactie reacties visningar kommentarer delningar visninger delinger katselukertaa kommenttia wyświetleń
        wyświetlenia odsłon komentarz komentarze komentarzy udostępnień polubień zobrazení komentářů komentáře
        vizualizări comentarii megtekintés hozzászólás προβολές σχόλια görüntülenme yorum yorumlar paylaşım
        просмотр просмотра просмотры просмотров комментарий комментария комментарии комментариев репостов лайков
        прочтений прочтения переглядів перегляди коментарів коментарі visto leído leido gelesen 阅读 阅读量
        阅读数 次阅读 人阅读 浏览 浏览量 浏览次数 次浏览 点击 点击量 评论 评论数 条评论 点赞 转发 分享数 閱讀
        瀏覽 瀏覽數 次瀏覽 評論 則留言 留言 閲覧数 回閲覧 コメント 件のコメント コメント数 いいね シェア 조회
        조회수 댓글 공감 reads 条留言""",
    ),
    (
        _TOLD,
        """viewed read seen shared commented gelesen angesehen geteilt aufgerufen lu vu consulté partagé leído
        leida leído visto vista compartido letto visto visualizzato condiviso lido visto visualizado bekeken
        gelezen gedeeld läst visad lest vist przeczytano wyświetlono прочитано просмотрено просмотрели прочитали""",
    ),
    (_TIMES, "times time mal fois veces vez volte volta vezes keer gånger ganger gange razy раз раза"),
    (
        _LABEL,
        """updated update modified edited published posted revised aktualisiert aktualisierung stand geändert
        bearbeitet veröffentlicht jour actualisé modifié modifiée publié publiée actualizado actualizada
        actualización publicado publicada modificado modificada aggiornato aggiornata aggiornamento pubblicato
        pubblicata modificato atualizado atualizada atualização bijgewerkt gewijzigd gepubliceerd uppdaterad
        uppdaterat publicerad oppdatert publisert opdateret publiceret päivitetty julkaistu zaktualizowano
        aktualizacja opublikowano aktualizováno aktualizace publikováno actualizat publicat frissítve frissült
        ενημερώθηκε ενημέρωση güncelleme güncellendi güncellenme yayınlanma обновлено обновлён обновлена
        обновление опубликовано изменено оновлено оновлення опубліковано 更新 更新于 更新於 最后更新 最後更新
        最终更新 最終更新 更新时间 更新時間 最后更新时间 最後更新時間 最新更新 更新日 更新日時 最終更新日
        最終更新日時 发布 发布于 发布时间 發布 發布於 發布時間 公開 公開日 公開日時 配信 掲載 に更新 수정
        최종수정 업데이트 입력 最后更新于 最後更新於""",
    ),
    (
        _AGO,
        """ago now vor jetzt gerade eben il y hace ahora fa adesso há ha atrás atras agora geleden zojuist sedan
        nyss siden sitten temu před назад только тому щойно önce πριν urmă ezelőtt 刚刚 剛剛 전 just""",
    ),
    (
        _AGO | _SHORT_UNIT,
        """秒前 分前 分钟前 分鐘前 小时前 小時前 時間前 天前 日前 周前 週間前 分钟前更新 分鐘前更新 小时前更新
        小時前更新 天前更新 分前に更新 時間前に更新 日前に更新 分前更新 時間前更新 分钟前发布 小时前发布 분전
        시간전""",
    ),
    (
        _SHORT_UNIT | _MINUTE,
        """m min mins minute minutes minuten minuto minutos minuto minuti minuut minuten minut minuter minutt
        minutter minuuttia minuty minutę minutami perc perce λεπτά λεπτό dakika минута минуту минуты минут мин
        хвилин хвилини 分 分钟 分鐘 분""",
    ),
    (
        _SHORT_UNIT,
        """s sec secs second seconds hour hours h hr hrs day days week weeks sekunde sekunden stunde stunden std
        tag tage tagen woche wochen seconde secondes heure heures jour jours semaine semaines segundo segundos
        hora horas día días dia dias semana semanas secondo secondi ora ore giorno giorni settimana settimane
        seconden uur dag dagen week weken sekunder timme timmar dagar veckor time timer dager dage uker uger
        sekuntia tuntia tunti päivää godzina godzinę godziny godzin godz dni dzień tygodni hodinou hodinami
        hodin dny dní secunde oră zile óra órája ώρα ώρες ημέρες saat gün секунд секунды секунду час часа часов
        ч день дня дней неделю недели годин години днів 秒 小时 小時 時間 시간 일""",
    ),
    (
        _TIME,
        """month months year years monat monaten jahr jahren mois an ans mes meses año años mese mesi anno anni
        mês ano anos maand maanden jaar today yesterday heute gestern aujourd hui hier hoy ayer oggi ieri hoje
        ontem vandaag gisteren idag igår i dag går dziś dzisiaj wczoraj dnes včera сегодня вчера bugün dün 今天
        昨天 今日 昨日 本日 january february march april may june july august september october november
        december jan feb mar apr jun jul aug sep sept oct nov dec januar jänner februar märz mai juni juli
        oktober dezember mär okt dez janvier février fevrier mars avril juin juillet août aout septembre octobre
        novembre décembre decembre enero febrero marzo abril mayo junio julio agosto septiembre setiembre
        octubre noviembre diciembre ene abr ago dic gennaio febbraio aprile maggio giugno luglio settembre
        ottobre dicembre gen mag giu lug set ott janeiro fevereiro março maio junho julho setembro outubro
        novembro dezembro fev januari februari maart mei augustus oktober maj juni juli augusti marts desember
        stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia
        января февраля марта апреля мая июня июля августа сентября октября ноября декабря monday tuesday
        wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun montag dienstag
        mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so lundi mardi mercredi jeudi
        vendredi samedi dimanche lunes martes miércoles jueves viernes sábado domingo lunedì martedì mercoledì
        giovedì venerdì sabato domenica segunda terça quarta quinta sexta feira maandag dinsdag woensdag
        donderdag vrijdag zaterdag zondag måndag tisdag onsdag torsdag fredag lördag söndag понедельник вторник
        среда четверг пятница суббота воскресенье 年 月 日 时 時 点 號 号 上午 下午 午前 午後 am pm a p gmt utc
        bst ist cet cest mez mesz est edt et cst cdt mst mdt pst pdt pt msk мск aest aedt jst hkt sgt cat eat
        wat sast uhr часов kl klo""",
    ),
    (
        _READING,
        """read reading listen listening lesezeit lesedauer lecture lectura lettura leitura leestijd lästid
        lesetid læsetid lukuaika czytania čtení чтения okuma 阅读时间 閱讀時間 阅读时长 読了時間 読了目安
        読む時間 この記事は 本文约需 预计阅读时间 全文约 чтение""",
    ),
    (_READING | _MINUTE, "分で読めます 分钟阅读 分鐘閱讀"),
    (_NUMBER, "no keine kein aucun nessun nenhum sem geen inga ingen нет"),
    (
        _SHARE,
        """share tweet print email mail copy save bookmark forward follow teilen drucken merken mailen senden
        weiterleiten kopieren folgen partager imprimer envoyer suivez copier compartir imprimir enviar guardar
        copiar síguenos comparte condividi stampa invia copia seguici compartilhar compartilhe siga delen
        afdrukken volg dela skriv del dele jaa udostępnij drukuj sdílet paylaş yazdır поделиться поделитесь
        печать отправить распечатать 分享 分享到 打印 收藏 列印 シェアする ツイート 印刷 공유 인쇄 分享到微信
        分享到微博 分享到朋友圈""",
    ),
    (
        _NETWORK,
        """facebook twitter x whatsapp linkedin telegram reddit pinterest messenger bluesky threads instagram
        xing mastodon flipboard pocket youtube tumblr viber line weibo wechat вконтакте вк одноклассники 微信
        微博 朋友圈 フェイスブック""",
    ),
    (
        _FILLER,
        """k mio mln mil tsd tys тыс млн st nd rd th er º e the a an at on in by and of to this that with via
        for us our article story post page link friends last latest first about approx approximately estimated
        est ca circa min be leave add your der die das dem den diesen dieser artikel beitrag seite auf um am per
        mit und sie uns zuletzt letzte letztes zum von noch est le la les l d de du des à a au mis mise dernière
        cet cette sur par avec nous el los las del en este esta artículo noticia última ultima último por con
        sin un una alle il lo su questo articolo ultimo ultima alla di o os as da do em às este artigo uma um
        het dit op bij om laatst laatste een van den denna på för senast ut artikeln sist senest denne ostatnia
        ostatnio o godz ten artykuł poslední ob v в во с на и по г года последнее последняя статьей этой time
        temps tiempo tempo czas doba время süresi son tarihi acum în τελευταία στις 万 萬 千 次 回 件 条 人 于
        於 在 约 需 時に 的 더 수 show ver mostrar afficher anzeigen click people personnes personas ont cet
        来源""",
    ),
)  # fmt: skip

# Words that begin many sentences and no line of furniture: they need not be looked into.
_NEVER_FIRST: frozenset[str] = _word_set(
    """
    the a an at on in by and of to that with us our der die das den dem um am mit und sie le la les l d de du
    des et el los las del en con un una uma um lo o os as do da em het op van i som в на и с
    """
)

# Lines that lead elsewhere. A strong label may run on into a headline ("Lire aussi Le maire démissionne"); after a weak
# one, which a sentence could begin with as well ("Related", "Lee también" of a Mr Lee), a colon or the like must stand.
_STRONG_LINKS = """
read more about|read more on|read more here|read also|also read|continue reading|you may also like|you might also like
you may also be interested in|more on this story|more on this topic|click here to|click here for
lesen sie auch|lesen sie mehr|lesen sie hier|mehr zum thema|das könnte sie auch interessieren|weiterlesen
lire aussi|à lire aussi|a lire aussi|à lire également|lire également|lire la suite|voir aussi|sur le même sujet
también te puede interesar|tambien te puede interesar|también le puede interesar|te puede interesar|le puede interesar
seguir leyendo|ti potrebbe interessare|potrebbe interessarti|potrebbero interessarti|continua a leggere
você também pode gostar|continue lendo|lees ook|lees meer|lees verder|läs också|läs även|läs mer|læs også|læs mere
les også|les mer|lue myös|lue lisää|czytaj także|czytaj też|czytaj więcej|przeczytaj także|przeczytaj też|zobacz także
zobacz też|čtěte také|čtěte též|přečtěte si také|citește și|citeşte şi|citeste si|διαβάστε επίσης|δείτε επίσης
читайте также|читать также|читайте по теме|читать далее|читать дальше|смотрите также|читайте також
相关阅读|相关新闻|相关链接|相关报道|更多新闻|相关文章|延伸阅读|推荐阅读|更多阅读|阅读更多|阅读全文|相關閱讀|相關新聞|延伸閱讀|推薦閱讀|看更多|繼續閱讀
関連記事|関連ニュース|あわせて読みたい|合わせて読みたい|こちらもおすすめ|続きを読む|おすすめ記事
관련기사|관련 기사|اقرأ أيضا|اقرأ أيضاً|اقرأ المزيد
"""
_WEAK_LINKS = """
read more|related|related articles|related article|related stories|related story|related links|related content
related coverage|related topics|see also|further reading|follow us|more from this section
siehe auch|mehr dazu|auch interessant|verwandte artikel|ähnliche artikel|mehr lesen|zum thema
à lire|à voir aussi|articles liés|lire plus|en savoir plus
lea también|lee también|lee más|te recomendamos|leer más|ver también|vea también|noticias relacionadas
artículos relacionados|contenido relacionado|leggi anche|leggi di più|leggi tutto|vedi anche|articoli correlati
notizie correlate|leia também|leia mais|saiba mais|veja também|notícias relacionadas|relacionadas|veja mais
gerelateerd|gerelateerde artikelen|zie ook|powiązane|související články|ilgili haberler|kapcsolódó|kapcsolódó cikkek
по теме|материалы по теме|похожие материалы|подробнее|関連リンク|関連|مواضيع ذات صلة|مقالات ذات صلة
"""
# Headings of lists: only as whole lines.
_LIST_HEADINGS = """
most read|most popular|most viewed|popular now|trending now|trending stories|top stories|latest news|latest stories
more stories|more like this|recommended|recommended stories|recommended for you|editors' picks|editor's picks|up next
meistgelesen|meistgelesene artikel|am meisten gelesen|weitere artikel|weitere meldungen|empfohlen|unsere empfehlung
unsere empfehlungen|les plus lus|articles les plus lus|notre sélection|nos articles les plus lus
lo más leído|lo más visto|las más leídas|más leídas|más noticias|i più letti|le più lette|mais lidas|as mais lidas
meest gelezen|mest läst|mest lästa|mest lest|mest læste|luetuimmat|najczęściej czytane|polecane|nejčtenější
ilginizi çekebilir|çok okunanlar|legolvasottabb|самое читаемое|популярное|рекомендуем|другие новости
热门|热门新闻|热门文章|点击排行|热点推荐|人気記事|アクセスランキング|많이 본 뉴스
"""
_ALONE = """
advertisement|advertising|scroll to continue|story continues below|article continues below advertisement|comments
leave a comment|be the first to comment|join the conversation|comments are closed|anzeige|werbung|publicité|publicidad
pubblicità|publicidade|advertentie|annons|annonse|annonce|reklama|reklam|реклама|广告|廣告|広告|share|tweet|teilen|partager|compartir
condividi|compartilhar|delen|dela|поделиться|分享|シェアする|listen to this article|newsletter abonnieren
"""

# Whole lines, case folded. The last of them WordPress adds to every item of a feed, and it holds the headline.
_FURNITURE = (
    r"(?:sign up|subscribe|register|join|get)\b.{0,80}\b(?:newsletters?|inbox|mailing list|daily briefing)\b.{0,60}",
    r"subscribe to (?:our|us|the) .{1,40}(?:channel|podcast|feed)\b.{0,30}",
    r"(?:follow|like) (?:us|@\w{1,40}) on .{2,60}",
    r"more from [^.!?]{2,40}",
    r"download (?:our|the) .{0,30}app\b.{0,40}",
    r"share this (?:article|story|page|post)\b.{0,40}",
    r"have you (?:got )?a story\?.{0,80}",
    r"(?:abonnieren|bestellen) sie .{0,60}newsletter\b.{0,60}",
    r"melden sie sich .{0,60}newsletter\b.{0,40}",
    r"(?:unser|zum) newsletter\b.{0,60}",
    r"folgen sie uns\b.{0,60}",
    r"(?:inscrivez-vous|abonnez-vous|recevez)\b.{0,60}(?:newsletters?|lettre d['’]information|boîte mail)\b.{0,40}",
    r"suivez[- ]nous\b.{0,60}",
    r"(?:suscríbete|suscríbase|apúntate|recibe)\b.{0,60}(?:newsletter|boletín|boletines|correo)\b.{0,40}",
    r"(?:síguenos|síganos) (?:en|por)\b.{0,60}",
    r"(?:iscriviti|ricevi)\b.{0,60}newsletter\b.{0,40}",
    r"(?:seguici|segui la nostra pagina) su\b.{0,60}",
    r"(?:inscreva-se|assine|receba|cadastre-se)\b.{0,60}(?:newsletter|boletim|e-mail|canal)\b.{0,40}",
    r"siga(?:-nos| o nosso| a nossa)\b.{0,60}",
    r"schrijf (?:je|u) in\b.{0,60}nieuwsbrief\b.{0,40}",
    r"(?:prenumerera|anmäl dig)\b.{0,60}nyhetsbrev.{0,40}",
    r"zapisz się\b.{0,60}newsletter.{0,40}",
    r"подписывайтесь на (?:наш|нас|канал|рассылку)\b.{0,80}",
    r"подпишитесь на (?:наш|нас|канал|рассылку)\b.{0,80}",
    r"关注(?:我们|我們|本报|官方)?的?(?:微信|微博|公众号).{0,30}",
    r"扫(?:一扫|描二维码).{0,30}",
    r"メール(?:マガジン|ニュース)の?(?:登録|購読).{0,30}",
    r"the post .{1,300} (?:appeared first|first appeared) on .{1,120}",
    r"der beitrag .{1,300} erschien zuerst auf .{1,120}",
    r"(?:l['’]article|cet article) .{1,300} est apparu en premier sur .{1,120}",
    r"la entrada .{1,300} (?:se publicó primero|aparece primero) en .{1,120}",
    r"o post .{1,300} apareceu primeiro em .{1,120}",
    r"l['’]articolo .{1,300} (?:proviene da|sembra essere il primo su) .{1,120}",
    r"het bericht .{1,300} verscheen eerst op .{1,120}",
    r"(?:inlägget|indlægget|innlegget) .{1,300} (?:dök först upp|blev først udgivet|dukket først opp) på .{1,120}",
    r"(?:artykuł|wpis) .{1,300} pochodzi z serwisu .{1,120}",
    r"(?:запись|сообщение) .{1,300} (?:впервые появилась|появились сначала на|впервые появились) .{1,120}",
    r"投稿 .{1,300} は .{1,120} に最初に表示されました",
)

# Never furniture: what a newsroom says of its own text.
_CORRECTION = re.compile(
    r"\W*(?:correction|corrected|clarification|editor['’]?s['’]? note|erratum|errata|retraction|update|korrektur|"
    r"berichtigung|anmerkung|hinweis|richtigstellung|rectificati[fo]n?|précision|mise au point|corrección|"
    r"rectificación|fe de errat?as|aclaración|rettifica|correzione|precisazione|correção|errata|nota d|rectificatie|"
    r"correctie|rättelse|rettelse|retting|oikaisu|sprostowanie|oprava|поправка|уточнение|исправл|düzeltme|更正|订正|訂正|お詫び|"
    r"정정)",
    re.IGNORECASE,
)

_SHARES_FIRST = re.compile(r"\W*shares\b(?!.*[^\W\d])")
# An eye, a speech bubble or a heart, and how often.
_PICTOGRAMS = re.compile(r"(?:(?:[👁👀💬🗨👍❤♥💙🔁📖⏱]\ufe0f?)\s*\d[\d.,\s]{0,12}[kmк]?\s*){1,6}\Z")
_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_BULLET = re.compile(r"(?:[-–—*•·▪■●◆►▶»›>]|\d{1,2}[.)])\s*\S")
_SENTENCE_BREAK = re.compile(r"[.!?]\s+\S|[。！？]\s*[^\s」』）)\"”]")
_PROSE_ENDS = (".", "。", ":", "：", ";", ",", "…", "؟", "।")
_QUOTES = "\"'”’»«“„)]）」』 "

# No line longer than this is furniture; of a related link no more than this is a headline. Characters.
_LONGEST_LINE = 480
_LONGEST_LINK = 220
_LONGEST_HEADLINE = 160
_MOST_WORDS = 24
_MOST_HEADLINES = 15
# From this length on, a line without an end of sentence runs on in the next: the text was broken into lines.
_BROKEN_LINE = 50
# A line of prose has so many characters; ideographs say more with fewer.
_PROSE_LENGTH, _IDEOGRAPHIC_PROSE = 60, 20
_IDEOGRAPHS_FROM = "\u2e80"

# Parameters that say which copy of a file is meant, or who led here, and never what is shown. "v" of a film's address
# is its name and "t" of a forum's the thread's, so those must look like a version and a time.
_CACHE_BUSTER = re.compile(
    r"(?<=[?&;])(?:"
    r"(?:utm_\w{1,20}|fbclid|gclid|dclid|msclkid|yclid|igshid|mc_cid|mc_eid|cmpid|_ga)=[^&;#]*"
    r"|(?:_|_t|_v|v|ver|version|rev|build|r|rnd|rand|random|nonce|cb|cachebuster|cachebust|cache|nocache|bust|ts|"
    r"timestamp|mtime|modified|lastmod|updated)=(?:[\d.]+|[0-9a-f]{6,64})"
    r"|t=(?:\d{9,17}|0?\.\d+)"
    r"|\d{9,17}"
    r")(?=[&;#.,)]|$)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"“”]+", re.IGNORECASE)

# Signs that change what a figure says; folding would take them for punctuation. As words they survive it.
_SIGNS = (
    ("%", " percent "), ("％", " percent "), ("‰", " permille "), ("$", " usd "), ("＄", " usd "), ("€", " eur "),
    ("£", " gbp "), ("￡", " gbp "), ("¥", " yen "), ("￥", " yen "), ("₽", " rub "), ("₹", " inr "), ("₴", " uah "),
    ("₺", " try "), ("₩", " krw "), ("₪", " ils "), ("₦", " ngn "), ("₱", " php "), ("฿", " thb "),
)  # fmt: skip
_MINUS = re.compile(r"[-−–](?<=[\s(].)(?=\d)")


def settled_title(title: str | None) -> str:
    """What of a headline counts when two fetches are compared; "" where there is none.

    Case, punctuation and white space don't, nor does a closing counter or time of updating: "(12 comments)",
    "| Updated 5 minutes ago", "[Aktualisiert]". Any other word does. Idempotent; never raises; linear.

        >>> settled_title("Ferry Pier “To Be Rebuilt” (Updated 10:32)") == settled_title("Ferry pier 'to be rebuilt'")
        True
    """
    if title is None:
        return ""
    kept = title
    for _ in range(3):
        tail = _TITLE_TAIL.search(kept[-_LONGEST_HEADLINE:])
        if tail is None:
            break
        line = tail[0].casefold()
        if not _is_meter(_bits_of(line), line):
            break
        kept = kept[: len(kept) - len(tail[0])]
    return comparable_text(_with_signs(kept)) or comparable_text(_with_signs(title))


_TITLE_TAIL = re.compile(r"\s*(?:[(\[（【][^()\[\]（）【】]+[)\]）】]|\s[|·•–—-]\s[^|·•–—()\[\]]+)\s*\Z")


def settled_text(text: str) -> str:
    r"""What of a plain text counts when two fetches of one article are compared: the same text where all of it does.

    text: paragraphs on lines of their own, as `clean_text` leaves them. What comes out is to be compared by
    `identity.comparable_text`, or its hash.

    These make no difference: case, punctuation and white space (`identity.comparable_text`); lines that only count
    views, comments or shares; that only say when the article was published, updated, or how long it takes to read;
    that lead to other articles, share or advertise; a list of headlines that closes the text beneath such a line;
    tracking and cache-busting parameters of addresses. Figures keep their currency, percent and minus signs.

    A text that is nothing but such lines keeps them. Never raises; linear.

        >>> settled_text("Twelve died.\nUpdated 5 minutes ago") == settled_text("Twelve died.\n1,204 views")
        True
    """
    if "\n" in text:
        lines = text.split("\n")
        kept = _without_furniture(lines)
        if len(kept) < len(lines):
            text = "\n".join(kept)
    if "?" in text and ("://" in text or "www." in text):
        text = _ADDRESS.sub(lambda address: _CACHE_BUSTER.sub("", address[0]), text)
    return _with_signs(text)


def _with_signs(text: str) -> str:
    """The text with the signs of figures as words, since folding would drop them."""
    for sign, word in _SIGNS:
        if sign in text:
            text = text.replace(sign, word)
    if "-" in text or "–" in text or "−" in text:
        text = _MINUS.sub(" minus ", text)
    return text


def _without_furniture(lines: Sequence[str]) -> list[str]:
    """The lines that say something; all of them where none does."""
    openers, meters = _openers(), _meter_starts()
    kept: list[str] = []
    headings: list[int] = []
    after_heading = False
    for line in lines:
        first = _TOKEN.search(line, 0, 64)
        if first is None:
            if line and not line.isspace():
                kept.append(line)
            continue
        key = first[0].casefold()
        sort = ""
        if len(line) <= _LONGEST_LINE and (
            key in openers or key in meters or key[0].isdigit() or key[0] >= _IDEOGRAPHS_FROM
        ):
            sort = _sort_of(line.strip().casefold(), key)
            if sort and sort != "link" and kept and _runs_on(kept[-1], line):
                sort = ""
        if sort:
            if sort == "heading":
                headings.append(len(kept))
            after_heading = sort == "heading"
        elif after_heading and len(line) <= _LONGEST_HEADLINE and _BULLET.match(line) and _is_headline(line):
            continue
        else:
            kept.append(line)
            after_heading = False
    for before in headings:
        if len(kept) - before > _MOST_HEADLINES:
            continue
        closing = kept[before:]
        if closing and all(map(_is_headline, closing)):
            if any(map(_is_prose, kept[:before])):
                kept = kept[:before]
            break
    return kept or list(lines)


def _sort_of(line: str, first: str) -> str:
    """What sort of furniture a line (case folded, stripped) is: "heading", "link", "meter", or "" for none."""
    if first not in _NEVER_FIRST:
        if _PICTOGRAMS.match(line) is not None:
            return "meter"
        bits = _bits_of(line)
        if bits and (_is_meter(bits, line) or _is_share_bar(bits)):
            return "meter"
    pattern = _openers().get(first) or (_ideographic_opener() if first[0] >= _IDEOGRAPHS_FROM else None)
    found = None if pattern is None else pattern.match(line)
    if found is None:
        return ""
    if found["whole"] is not None:
        return "meter"
    rest = line[found.end() :]
    if not rest.strip(" :：»›>→|…-–—."):
        return "heading"
    if len(line) > _LONGEST_LINK or _SENTENCE_BREAK.search(rest) is not None:
        return ""
    return "link"


def _bits_of(line: str) -> list[int]:
    """What each word of a line may be; empty where a word is unknown, or there are more than furniture has."""
    words = _words()
    found: list[int] = []
    for token in _TOKEN.finditer(line):
        bits = _NUMBER if token[0][0].isdigit() else words.get(token[0], 0)
        if bits == 0 or len(found) == _MOST_WORDS:
            return []
        found.append(bits)
    return found


def _is_meter(bits: Sequence[int], line: str) -> bool:
    """Whether a line of such words only counts readers, or tells times of updating or of reading."""
    together = functools.reduce(operator.or_, bits, 0)
    if together & _NUMBER:
        counts = together & _COUNTED or (together & _TOLD and together & _TIMES)
        # "Shares: 12,000" is what a director sold, "12 shares" what readers did.
        if counts and _all_in(bits, _COUNTER_LINE) and _SHARES_FIRST.match(line) is None:
            return True
        if together & _READING and together & _MINUTE and _all_in(bits, _READING_LINE):
            return True
        # "Week ago 47.98 275" stands in tables of prices.
        numbers = sum(bit & _NUMBER > 0 for bit in bits)
        if together & _AGO and together & _SHORT_UNIT and numbers <= 2 and _all_in(bits, _TIME_LINE & ~_TIME):
            return True
    if not together & _LABEL or not _all_in(bits, _TIME_LINE):
        return False
    # Without a figure, more than three words may be part of a sentence.
    return len(bits) <= 3 or bool(together & (_NUMBER | _AGO))


def _is_share_bar(bits: Sequence[int]) -> bool:
    """Whether a line of such words only offers to share, print or follow."""
    together = functools.reduce(operator.or_, bits, 0)
    networks = sum(bit & _NETWORK > 0 for bit in bits)
    # "Save 12" is advice; "Facebook 12" is a button.
    offers = len(bits) > 1 and together & _SHARE and (networks or not together & _NUMBER)
    return bool(offers or networks > 1) and _all_in(bits, _SHARE_LINE)


def _all_in(bits: Sequence[int], allowed: int) -> bool:
    return all(bit & allowed for bit in bits)


def _runs_on(before: str, line: str) -> bool:
    """Whether a line goes on with the sentence of the line before it, in a text broken into lines."""
    end = before.rstrip()
    start = line.lstrip()[:1]
    return (
        len(end) >= _BROKEN_LINE
        and end[-1:] not in "!?" + _QUOTES
        and not end.endswith(_PROSE_ENDS)
        and (start.islower() or start.isdigit())
    )


def _is_headline(line: str) -> bool:
    """Whether a line beneath "Most read" may be a headline, and is neither prose nor a correction."""
    return (
        len(line) <= _LONGEST_HEADLINE
        and not line.rstrip(_QUOTES).endswith(_PROSE_ENDS)
        and _CORRECTION.match(line) is None
    )


def _is_prose(line: str) -> bool:
    wide = line[:1] >= _IDEOGRAPHS_FROM
    return len(line) >= (_IDEOGRAPHIC_PROSE if wide else _PROSE_LENGTH)


@functools.cache
def _words() -> Mapping[str, int]:
    """The vocabulary: a word, case folded, to what it may be."""
    found: dict[str, int] = {}
    for bits, listed in _VOCABULARY:
        for word in listed.casefold().split():
            found[word] = found.get(word, 0) | bits
    return found


@functools.cache
def _meter_starts() -> frozenset[str]:
    return frozenset(_words()) - _NEVER_FIRST


@functools.cache
def _openers() -> Mapping[str, re.Pattern[str]]:
    """First word of a line, case folded, to what such a line may be; the group "whole" is a whole line."""
    labels: dict[str, list[str]] = {}
    wholes: dict[str, list[str]] = {}
    for listed, end in (
        (_STRONG_LINKS, r"(?!\w)"),
        (_WEAK_LINKS, r"(?=\s*(?:[:：»›>→|…]|[-–—]\s|\W*\Z))"),
        (_LIST_HEADINGS, r"(?=\W*\Z)"),
    ):
        for label in _labels(listed):
            labels.setdefault(_TOKEN.findall(label)[0], []).append(_spelt(label) + end)
    for label in _labels(_ALONE):
        wholes.setdefault(_TOKEN.findall(label)[0], []).append(_spelt(label))
    for pattern in _FURNITURE:
        for word in _first_words(pattern):
            wholes.setdefault(word, []).append(pattern)
    return {
        word: re.compile(
            rf"\W*(?:(?P<whole>(?:{'|'.join(wholes.get(word, ['(?!)']))})\W*\Z)"
            rf"|{'|'.join(labels.get(word, ['(?!)']))})"
        )
        for word in {*labels, *wholes}
    }


@functools.cache
def _ideographic_opener() -> re.Pattern[str]:
    """For lines that begin with ideographs or kana, where the first word can't be cut off."""
    patterns = [pattern for pattern in _FURNITURE if pattern[0] >= _IDEOGRAPHS_FROM]
    return re.compile(rf"\W*(?P<whole>(?:{'|'.join(patterns)})\W*\Z)")


def _labels(listed: str) -> Iterator[str]:
    return (label for label in listed.casefold().replace("\n", "|").split("|") if label)


def _spelt(label: str) -> str:
    return re.escape(label).replace(r"\ ", r"\s+").replace("'", "['’]")


def _first_words(pattern: str) -> list[str]:
    """The words with which lines that a pattern of `_FURNITURE` takes can begin."""
    if not pattern.startswith("(?:"):
        return _TOKEN.findall(pattern)[:1]
    return [_TOKEN.findall(choice)[0] for choice in pattern[3 : pattern.index(")")].split("|")]

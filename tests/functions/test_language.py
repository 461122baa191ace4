"""Language of an article: what is told, what is not, and that both implementations agree."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest

from transforms.functions.language import (
    MAX_CHARS,
    MIN_CONFIDENCE,
    DetectedLanguage,
    clean_for_detection,
    detect_language,
)
from transforms.functions.language_detectors import (
    DETECTORS,
    Eldc,
    Langdetect,
    default_detector,
    load_langdetect,
)
from transforms.functions.letters import letters_of

# Made up for these tests.
SENTENCES = {
    "en": "The city council approved the new budget on Monday after a long debate about schools and roads.",
    "de": "Der Stadtrat hat am Montag nach langer Debatte über Schulen und Straßen den Haushalt beschlossen.",
    "fr": "Le conseil municipal a adopté lundi le nouveau budget après un long débat sur les écoles.",
    "es": "El ayuntamiento aprobó el lunes el nuevo presupuesto tras un largo debate sobre las escuelas.",
    "pt": "A câmara municipal aprovou na segunda-feira o novo orçamento depois de uma longa discussão.",
    "it": "Il consiglio comunale ha approvato lunedì il nuovo bilancio dopo una lunga discussione.",
    "nl": "De gemeenteraad heeft maandag na een lang debat over scholen en wegen de begroting goedgekeurd.",
    "pl": "Rada miasta przyjęła w poniedziałek nowy budżet po długiej debacie o szkołach i drogach.",
    "ru": "Городской совет в понедельник утвердил новый бюджет после долгих споров о школах и дорогах.",
    "uk": "Міська рада в понеділок затвердила новий бюджет після довгих суперечок про школи та дороги.",
    "el": "Το δημοτικό συμβούλιο ενέκρινε τη Δευτέρα τον νέο προϋπολογισμό μετά από μακρά συζήτηση.",
    "tr": "Belediye meclisi pazartesi günü uzun bir tartışmanın ardından bütçeyi onayladı.",
    "ar": "وافق المجلس البلدي يوم الاثنين على الميزانية الجديدة بعد نقاش طويل حول المدارس والطرق.",
    "he": "מועצת העיר אישרה ביום שני את התקציב החדש לאחר דיון ארוך על בתי הספר והכבישים.",
    "hi": "नगर परिषद ने सोमवार को स्कूलों और सड़कों पर लंबी बहस के बाद नए बजट को मंजूरी दी।",
    "ja": "市議会は月曜日、学校と道路についての長い議論の末、新しい予算を承認した。",
    "zh": "市议会星期一在就学校和道路进行长时间辩论后批准了新的预算。",
    "ko": "시의회는 월요일 학교와 도로에 관한 오랜 토론 끝에 새 예산을 승인했다.",
    "vi": "Hội đồng thành phố hôm thứ Hai đã thông qua ngân sách mới sau cuộc tranh luận dài về trường học.",
    "sw": "Baraza la jiji siku ya Jumatatu liliidhinisha bajeti mpya baada ya mjadala mrefu kuhusu shule.",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_a_sentence_is_told(language: str) -> None:
    """One sentence of news is enough, in the body or as a title."""
    found = detect_language(None, SENTENCES[language])
    assert found.language == language
    assert found.confidence is not None
    assert MIN_CONFIDENCE <= found.confidence <= 1.0
    assert detect_language(SENTENCES[language], "") == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\t ",
        "2024-05-01 12:00, 3,450.75 (+1.2 %)",
        "🎉🎉😀 🚀",
        "https://news.example/2024/05/a-long-story-about-the-budget-of-the-city?utm_source=x",
        "www.news.example/an-english-slug-that-is-long-enough someone.with.a.name@mail.news.example",
        "@the_city_reporter @another_reporter_of_the_city @somebody",
        "a",
        "Elections",
        "Donaudampfschifffahrtsgesellschaft",
        "TRUMP WINS ELECTION",
        "BREAKING: MARKETS FALL",
        "Markets fall sharply",
        "hahahaha hahaha hahahahahaha haha",
        "ーーーーーーーーーーーーーーーー",
        "\x00\x00\x00",
        "\ud800\udfff\ud800",
    ],
)
def test_what_cannot_be_told_is_undetermined(text: str) -> None:
    """A confident wrong answer is worse than none: scraps are `und`, with no confidence."""
    assert detect_language(None, text) == DetectedLanguage("und", None)


def test_a_long_text_in_capitals_is_told() -> None:
    """Capitals are a habit of some agencies; enough of them are read in lower case."""
    assert detect_language(None, SENTENCES["en"].upper()).language == "en"
    assert detect_language(None, SENTENCES["ru"].upper()).language == "ru"


def test_addresses_do_not_decide() -> None:
    """English addresses around a German sentence leave it German, and Chinese that follows one stays."""
    links = " https://example.com/the-long-english-slug-of-a-story-about-the-weather-and-the-roads" * 5
    assert detect_language(None, links + "\n" + SENTENCES["de"] + links).language == "de"
    assert clean_for_detection(None, "见https://example.com/story。市议会") == "见 。市议会"
    assert clean_for_detection("Title", "See news.example.com/a or x@y.org, says @me.\n Next.") == (
        "Title See or , says . Next."
    )


def test_markup_does_not_decide() -> None:
    """Tags that came as plain text are no words."""
    text = "<p><strong class='lead'>市议会</strong></p><p>在就学校和道路进行长时间辩论后批准了新的预算。</p>"
    assert detect_language(None, text).language == "zh"


def test_title_and_body_count_together() -> None:
    """Neither would do alone; and only the first 1,000 characters are looked at."""
    title, body = "Stadtrat beschließt", "den neuen Haushalt"
    assert detect_language(title, "").language == "und"
    assert detect_language(None, body).language == "und"
    assert detect_language(title, body).language == "de"
    english = SENTENCES["en"] + " "
    beyond = (english * 20)[:MAX_CHARS]
    assert detect_language(None, beyond + SENTENCES["ru"] * 50) == detect_language(None, beyond)


class Fixed:
    """A detector that always gives the same scores."""

    def __init__(self, *scores: tuple[str, float]) -> None:
        self._scores = scores

    def scores(self, text: str) -> tuple[tuple[str, float], ...]:
        return self._scores


@pytest.mark.parametrize(
    ("scores", "language", "expected"),
    [
        ((("zh-cn", 0.55), ("zh-tw", 0.45)), "zh", DetectedLanguage("zh", 1.0)),
        ((("zh-cn", 0.6), ("ko", 0.4)), "zh", DetectedLanguage("zh", 1.0)),
        ((("zh-cn", 0.4), ("ko", 0.6)), "zh", DetectedLanguage("und", None)),
        ((("ko", 1.0),), "zh", DetectedLanguage("und", None)),
        ((("zh-cn", 1.0),), "ja", DetectedLanguage("und", None)),
        ((("ja", 1.0),), "zh", DetectedLanguage("und", None)),
        ((("de", 0.857142), ("nl", 0.142858)), "de", DetectedLanguage("und", None)),
        ((("de", 0.857142),), "de", DetectedLanguage("und", None)),
        ((("de", 0.95), ("nl", 0.05)), "de", DetectedLanguage("de", 0.95)),
        ((("bg", 1.0),), "uk", DetectedLanguage("und", None)),
        ((("no", 1.0),), "vi", DetectedLanguage("und", None)),
        ((), "en", DetectedLanguage("und", None)),
        ((("en", 0.5), ("de", 0.5)), "en", DetectedLanguage("und", None)),
    ],
)
def test_the_model_is_believed_where_the_letters_agree(
    scores: tuple[tuple[str, float], ...], language: str, expected: DetectedLanguage
) -> None:
    """Chinese is one language; a script or an alphabet that isn't there rules a language out."""
    assert detect_language(None, SENTENCES[language], detector=Fixed(*scores)) == expected


@pytest.mark.parametrize(
    ("scores", "declared", "expected"),
    [
        ((("de", 0.57), ("nl", 0.43)), None, DetectedLanguage("und", None)),
        ((("de", 0.57), ("nl", 0.43)), "nl", DetectedLanguage("nl", 0.43)),
        ((("de", 0.57), ("nl", 0.43)), "nl-BE", DetectedLanguage("nl", 0.43)),
        ((("de", 0.57), ("nl", 0.43)), "de", DetectedLanguage("de", 0.57)),
        ((("de", 0.57), ("nl", 0.43)), "fr", DetectedLanguage("und", None)),
        ((("de", 0.71), ("nl", 0.29)), "nl", DetectedLanguage("und", None)),
        ((("de", 0.57), ("ru", 0.43)), "ru", DetectedLanguage("de", 1.0)),
        ((("da", 0.57), ("no", 0.43)), "nb", DetectedLanguage("no", 0.43)),
        ((("de", 0.99),), "en", DetectedLanguage("de", 0.99)),
        ((), "de", DetectedLanguage("und", None)),
    ],
)
def test_a_declared_language_breaks_a_near_tie_only(
    scores: tuple[tuple[str, float], ...], declared: str | None, expected: DetectedLanguage
) -> None:
    """It is taken where the model has it near the first; it neither overrules the model nor stands in for it."""
    text = "Haus und Markt liegen hier dicht an dicht bei der alten Stadt"
    assert detect_language(None, text, detector=Fixed(*scores), declared=declared) == expected


def test_a_declared_language_does_not_tell_a_scrap() -> None:
    """Nor letters that it isn't written in."""
    assert detect_language(None, "Markets fall", declared="en").language == "und"
    wavering = Fixed(("de", 0.57), ("vi", 0.43))
    assert detect_language(None, SENTENCES["de"], detector=wavering, declared="vi").language == "und"


class Details:
    """What eldc answers, made up."""

    reliable = True

    def __init__(self, **scores: float) -> None:
        self.scores = scores


def test_scores_of_eldc_become_probabilities() -> None:
    """They add up to one, the first well ahead where its score is; nothing where eldc itself is unsure."""
    seen: list[str] = []
    answers = [Details(fr=0.88, es=0.60), Details(no=0.80, da=0.797), Details(de=0.5), Details()]
    answers[2].reliable = False

    def details(text: str) -> Details:
        seen.append(text)
        return answers[len(seen) - 1]

    detector = Eldc(details)
    first = dict(detector.scores("a\0b\ud800"))
    assert sum(first.values()) == pytest.approx(1)
    assert first["fr"] > 0.99
    assert dict(detector.scores("x"))["no"] < 0.6
    assert detector.scores("x") == []
    assert detector.scores("x") == []
    assert seen[0] == "a b?"


def test_eldc_tells_sentences() -> None:
    """Where it is installed, which no lock file asks for: most are told, and none wrongly; it has no Swahili."""
    pytest.importorskip("eldc", reason="eldc is an extra: pip install 'newsbeam[eldc]'")
    detector = DETECTORS["eldc"]()
    found = {
        language: detect_language(None, text, detector=detector).language
        for language, text in SENTENCES.items()
    }
    assert found["sw"] == "und"
    assert all(told in ("und", language) for language, told in found.items())
    assert sum(told != "und" for told in found.values()) >= 16


@pytest.mark.parametrize(
    "text",
    [
        # Icelandic, Sakha and Amharic sentences, which the model takes for neighbours.
        "Borgarstjórn samþykkti á mánudag nýja fjárhagsáætlun eftir langa umræðu um skóla og þjóðvegi það.",
        "Куорат сүбэтэ оскуола уонна суол туһунан мөккүөр кэнниттэн саҥа бүддьүөтү бигэргэттэ.",
        "የከተማው ምክር ቤት ሰኞ ዕለት ስለ ትምህርት ቤቶች ረጅም ክርክር ካደረገ በኋላ አዲሱን በጀት አጸደቀ።",
    ],
)
def test_a_language_that_the_model_lacks_is_undetermined(text: str) -> None:
    """Letters that no language of the model has show that the text is in none of them."""
    assert detect_language(None, text).language == "und"


@pytest.mark.parametrize(
    ("taken_for", "text"),
    [
        # Rundi, Xhosa, Oromo and Nigerian Pidgin, made up as all the others.
        ("sw", "Umukuru w'igihugu yavuze ko amashure mashasha azokwugururwa mu ntara zose uwo musi."),
        ("sw", "Ibhunga lesixeko liphumeze uhlahlo lwabiwo-mali olutsha emva kwengxoxo ende ngezikolo."),
        (
            "so",
            "Manni maree magaalaa baajata haaraa raggaasise jedhan miseensonni isaa guyyaa Wiixataa kaleessa.",
        ),
        (
            "en",
            "Di governor say dem dey build new road wey go reach all di market for town before rain start.",
        ),
    ],
)
def test_a_relative_that_the_model_lacks_is_undetermined(taken_for: str, text: str) -> None:
    """Its little words are others, sure as the model may be; in the language itself they are there."""
    sure = Fixed((taken_for, 1.0))
    assert detect_language(None, text, detector=sure).language == "und"
    somali = "Golaha degmada ayaa ansixiyay miisaaniyadda cusub ka dib dood dheer oo ku saabsan dugsiyada."
    own = somali if taken_for == "so" else SENTENCES[taken_for]
    assert detect_language(None, own, detector=sure).language == taken_for


def test_a_foreign_name_changes_nothing() -> None:
    """An accent or two of a name are in every newspaper."""
    text = (
        "The mayor of the town met Łukasz Müller on Monday to talk about the new roads and the old schools."
    )
    assert detect_language(None, text).language == "en"


def test_both_implementations_agree() -> None:
    """The fallback gives what langdetect-rs gives, on whole sentences, scraps and mixtures."""
    python, rust = load_langdetect("langdetect"), load_langdetect("langdetect_rs")
    rng = random.Random(5)
    texts = list(SENTENCES.values())
    for _ in range(150):
        first, second = rng.choices(list(SENTENCES.values()), k=2)
        texts.append(first[: rng.randrange(5, 60)] + " " + second[: rng.randrange(40)])
    for text in texts:
        assert rust.scores(text) == python.scores(text), text
        assert detect_language(None, text, detector=rust) == detect_language(None, text, detector=python)


def test_langdetect_stands_in_for_langdetect_rs() -> None:
    """Where langdetect-rs can't be imported the answers are the same; and nothing is loaded at import."""
    script = textwrap.dedent("""
        import sys
        sys.modules["langdetect_rs"] = None  # makes its import fail
        from transforms.functions.language import detect_language
        from transforms.functions.language_detectors import default_detector
        assert "langdetect" not in sys.modules
        text = sys.argv[1]
        print(default_detector().module, detect_language(None, text))
    """)
    text = SENTENCES["de"]
    out = subprocess.run(
        [sys.executable, "-c", script, text], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert out.strip() == f"langdetect {detect_language(None, text)}"


def test_the_answer_follows_from_the_text_alone() -> None:
    """Order, earlier calls and threads change nothing, though the model walks at random."""
    texts = [text[:cut] for text in SENTENCES.values() for cut in (35, 50, 70)]
    alone = [detect_language(None, text) for text in texts]
    assert [detect_language(None, text) for text in reversed(texts)] == alone[::-1]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: detect_language(None, text), texts * 4)) == alone * 4


def test_the_profiles_are_loaded_once() -> None:
    """Threads that come together get the same detector."""
    with ThreadPoolExecutor(8) as pool:
        detectors = list(pool.map(lambda _: default_detector(), range(16)))
    assert all(detector is detectors[0] for detector in detectors)
    assert isinstance(detectors[0], Langdetect)


@pytest.mark.parametrize("unit", ["a@", "<a", "a.", "-", "http://", "@", "a-", "<p>", "word "])
def test_odd_input_is_quick(unit: str) -> None:
    """A megabyte of the same costs no more than its beginning does."""
    assert detect_language(unit * 500_000, unit * 500_000).language in {"und", "en", "hu", "so", "tl", "de"}


@pytest.mark.parametrize("rare", ["\U00020000\U0002a6b2", "\U0001d400", "\U00010330"])
def test_letters_beyond_the_first_planes_are_counted_as_others(rare: str) -> None:
    """Ideographs of the second plane are dense, and Chinese; the first plane's letters are in no script of ours."""
    letters = letters_of(rare + "a")
    ideographs = sum(character >= "\U00020000" for character in rare)
    assert (letters.count, letters.dense, letters.capitals) == (
        len(rare) + 1,
        0,
        sum(character.isupper() for character in rare),
    )
    assert letters.share("han") == ideographs / (len(rare) + 1)
    assert letters.share("latin") == 1 / (len(rare) + 1)


def test_letters_by_bytes_are_counted_as_any() -> None:
    """Of all that Windows-1252 can write, against every language."""
    text = "Zürich, Ÿ ß ª µ ˆ ² ½ ƒ Š “Żółw”".replace("Żółw", "wolf") * 2
    by_bytes, any_way = letters_of(text), letters_of(text + "\u3001")
    assert type(by_bytes) is not type(any_way)
    for script in ("latin", "greek", "han"):
        assert by_bytes.share(script) == any_way.share(script)
    for language in ("en", "de", "fr", "pl", "vi", "ja", "zh", "ru", "so", "xx"):
        assert by_bytes.spell(language) == any_way.spell(language), language
    assert (by_bytes.count, by_bytes.capitals, by_bytes.different()) == (
        any_way.count, any_way.capitals, any_way.different(),
    )  # fmt: skip

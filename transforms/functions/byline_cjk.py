"""Bylines in Chinese, Japanese and Korean: no letter case, names without spaces, roles stuck to them."""

from __future__ import annotations

import re

from transforms.functions.byline_words import word_set

#: Whether a text has a Han, Kana or Hangul letter.
CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff]")

_HAN = "\u3005\u3006\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_KANA = "\u3040-\u30ff"
_NAME = re.compile(
    rf"[{_HAN}]{{2,4}}|[{_HAN}]{{1,4}}[{_KANA}]{{1,5}}|[{_KANA}]{{2,5}}[{_HAN}]{{1,4}}|[\uac00-\ud7a3]{{2,5}}"
    rf"|[{_HAN}]{{1,8}}(?:[·・‧][{_HAN}]{{1,8}}){{1,3}}|[\u30a0-\u30ff]{{1,12}}(?:[·・＝][\u30a0-\u30ff]{{1,12}}){{1,3}}"
)
# "和" joins only what stands between two names of two letters at least: it begins Japanese surnames too.
_SEPARATORS = re.compile(
    rf"[,，、;；|｜\n/／=＝]|(?<=[{_HAN}]{{2}})[和与與](?=[{_HAN}]{{2}})|(?<=[\uac00-\ud7a3])[·ㆍ](?=[\uac00-\ud7a3])"
)
_BRACKETS = re.compile(r"[(（【\[〔「『<《][^)）】\]〕」』>》]{0,80}[)）】\]〕」』>》]")
_FRAMES = re.compile(r"[()（）【】\[\]〔〕「」『』<>《》:：◇■▲●※*]+")

# What editors, photographers and sources stand behind: as far as the next separator they are no authors.
_OTHER_CREDIT = re.compile(
    r"(?:责任编辑|責任編輯|责编|責編|编辑|編輯|编審|审核|審核|校对|校對|摄影|攝影|撮影|写真|图片|圖片|图|圖|摄|攝|翻译|翻譯|编译|"
    r"翻訳|訳|来源|來源|出典|사진|편집|번역|영상|촬영|그래픽)\s*[:：/／=＝・\s]\s*[^\s,，、;；|]{1,12}(?:[\s、,，][^\s,，、;；|:：]{2,4}(?=$|[\s,，、;；|]))?"
)
# Where a reporter's organisation ends and the names begin: "新华社记者张三".
_REPORTER = re.compile(
    r"(?:特派|特约|特約|实习|實習|见习|本报|本報|首席|驻[\u4e00-\u9fff]{1,4}|駐[\u4e00-\u9fff]{1,4})*"
    r"(?:记者|記者|編譯|特派员|特派員|通讯员|通訊員|评论员|評論員|特約撰述|撰稿人)"
)
_ROLES = re.compile(
    r"(?:編集委員|論説委員|解説委員|支局長|総局長|特派員|編集長|文化部|社会部|政治部|経済部|国際部|大学教授|教授|准教授|作家|評論家|"
    r"原创|原創|聞き手|綜合報導|综合报道|綜合外電|실습|实习生|實習生|见习|見習|撰文|撰稿|作者|文字|报道|報道|报导|報導|采写|採訪|采访|综合|署名|執筆|取材|文責|文・写真|文|"
    r"기자|특파원|논설위원|객원기자|인턴기자|선임기자|전문기자|편집위원|칼럼니스트|교수|앵커|글|작성자|작성)"
)
_ORGANISATION = re.compile(
    r"(?:新闻网|新聞網|新聞社|通信社|通讯社|通訊社|电视台|電視台|广播|放送|通信|编辑|編輯|編集|新闻|新聞|日报|日報|晚报|晚報|时报|時報|早报|早報|"
    r"周刊|週刊|杂志|雑誌|网|網|报|報|社|台|デジタル|ニュース|オンライン|テレビ|ネット|編集部|编辑部|編輯部|編集局|取材班|支局|"
    r"频道|頻道|中心|委员会|委員会|研究所|大学|大學|公司|集团|뉴스|신문|일보|방송|통신|편집국|편집부|취재팀|미디어|닷컴|경제|투데이)"
    r"(?:电|電|讯|訊)?$"
)
# "台北1日電", and what is left of it where a name runs into it.
_WIRED = re.compile(r"\d{1,2}\s*日?\s*(?:综合|綜合)?(?:电|電|讯|訊)")
# Datelines that look like names.
_PLACES = word_set(
    """
    서울 부산 대구 인천 광주 대전 울산 세종 수원 제주 춘천 전주 청주 창원 워싱턴 뉴욕
    도쿄 베이징 런던 파리 北京 上海 广州 深圳 香港 台北 臺北 东京 東京 大阪 京都 名古屋
    福岡 札幌 沖縄 纽约 華盛頓 华盛顿 伦敦 巴黎 ワシントン ロンドン パリ ソウル モスクワ
    """
)
_CHINESE_SURNAMES = frozenset(
    "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何高林罗羅郑鄭梁谢謝宋唐许許韩韓冯馮邓鄧曹彭曾肖萧蕭田董袁潘于"
    "蒋蔣蔡余杜叶葉程苏蘇魏吕呂丁任沈姚卢盧姜崔钟鍾谭譚陆陸汪范金石廖贾賈夏韦韋付傅方白邹鄒孟熊秦邱江尹薛闫閻段雷侯龙龍"
    "史陶黎贺賀顾顧毛郝龚龔邵万萬钱錢严嚴覃武戴莫孔向汤湯"
)
_KOREAN_SURNAMES = frozenset(
    "김이박최정강조윤장임한오서신권황안송류유전홍고문양손배백허남심노하곽성차주우구민진지엄채원"
    "천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모"
)


def read_cjk(text: str) -> tuple[list[str], list[str]]:
    """People and organisations of a byline that has Chinese, Japanese or Korean letters, each in order.

    Latin names beside them are not read here.
    """
    text = _WIRED.sub(" ", _OTHER_CREDIT.sub(" ; ", text))
    bare = _BRACKETS.sub(" ", text)
    if CJK.search(bare) is None:
        bare = text
    bare = _FRAMES.sub(" ", bare)
    people: list[str] = []
    organisations: list[str] = []
    for part in _SEPARATORS.split(bare):
        pieces = _REPORTER.split(part)
        if len(pieces) > 1 and pieces[0].strip():
            # "新华社记者张三", but also "张三 记者".
            first = _ROLES.sub(" ", pieces[0]).strip()
            if pieces[1].strip() and not _looks_chinese(first):
                organisations.append(first)
                pieces = pieces[1:]
        for piece in pieces:
            _read_part(_ROLES.sub(" ", piece).split(), people, organisations)
    return people, organisations


def _read_part(words: list[str], people: list[str], organisations: list[str]) -> None:
    names: list[str] = []
    for word in words:
        word = _without_dateline(word.strip("・·.-–—"))
        if not word or word in _PLACES or CJK.search(word) is None:
            continue
        if _ORGANISATION.search(word):
            organisations.append(word)
        elif _NAME.fullmatch(word) or len(word) == 1:
            names.append(word)
    if not names:
        return
    if len(names) == 1:
        if len(names[0]) > 1:
            people.append(names[0])
    elif all(_is_whole_name(name) for name in names):
        people.extend(names)
    elif len(names) == 2:
        # A Japanese name with its space: "山田 太郎".
        people.append(" ".join(names))
    elif len(names) % 2 == 0:
        people.extend(" ".join(names[place : place + 2]) for place in range(0, len(names), 2))
    else:
        people.extend(name for name in names if len(name) > 1)


def _is_whole_name(name: str) -> bool:
    if "\uac00" <= name[0] <= "\ud7a3":
        return len(name) >= 3 and name[0] in _KOREAN_SURNAMES
    return "・" in name or "·" in name or _looks_chinese(name)


def _looks_chinese(name: str) -> bool:
    return 2 <= len(name) <= 3 and name[0] in _CHINESE_SURNAMES and name[1:2] != ""


def _without_dateline(word: str) -> str:
    """A name without the city that it runs into: "王小明台北"."""
    city = word[-2:]
    return word[:-2] if city in _PLACES and 4 <= len(word) <= 6 and word[0] in _CHINESE_SURNAMES else word

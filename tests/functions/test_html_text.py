"""Text out of HTML: how it reads, and that no HTML takes long."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hanging import no_hang
from transforms.functions.html_text import html_to_text, looks_like_html

CASES = {
    "": "",
    "no markup\n\nat all": "no markup\n\nat all",
    "  blanks around  ": "blanks around",
    # Lines
    "<p>one</p><p>two</p>": "one\ntwo",
    "<p>one<p>two": "one\ntwo",
    "one<br>two<br/>three<BR />four": "one\ntwo\nthree\nfour",
    "<ul><li>one<li>two</ul>after": "one\ntwo\nafter",
    "<ol><li><p>one</p></li></ol>": "one",
    "<blockquote>said</blockquote>he": "said\nhe",
    "<h1>head</h1>text": "head\ntext",
    "<table><tr><th>a</th><td>b</td></tr><tr><td>c<td>d</table>": "a b\nc d",
    "<dl><dt>term<dd>meaning</dl>": "term\nmeaning",
    "<pre>line 1\nline 2</pre>after": "line 1\nline 2\nafter",
    "<p>wrapped\nin the\r\nsource</p>": "wrapped in the source",
    "<i>one</i>\n\ntwo\nthree": "one\ntwo three",
    # Inline
    "un<b>believ</b>able": "unbelievable",
    "H<sub>2</sub>O": "H2O",
    "<a href='x'>link</a>, text": "link, text",
    "a<img src=x>b": "ab",
    "<p>a   b&nbsp;&nbsp;c</p>": "a b c",
    "<fb:like></fb:like>own<o:p></o:p> tags": "own tags",
    # References
    "AT&amp;T &lt;b&gt;": "AT&T <b>",
    "&amp;lt;p&amp;gt;": "&lt;p&gt;",
    "<p>&amp;amp;</p>": "&amp;",
    "it&#8217;s &#x27;s &#146;": "it’s 's ’",
    "5 &lt 6 &unknown; &": "5 < 6 &unknown; &",
    "&#0; &#xD800; &#99999999;": "\ufffd \ufffd \ufffd",
    "a &lt; b": "a < b",
    # What isn't text
    "a<script>if (a<b) { x('</p>') }</script>b": "ab",
    "a<style>p { }</style>b<STYLE>p</STYLE >c": "abc",
    "<noscript><img src=x>on</noscript>text": "text",
    "<svg><title>icon</title><text>x</text></svg>text": "text",
    "<figure><img src=x><figcaption>Caption</figcaption></figure>text": "text",
    "<iframe src=x>old browser</iframe>text": "text",
    "<form>mail: <input><select><option>a</select><button>Send</button></form>text": "text",
    "<head><title>t</title></head><body>text</body>": "text",
    "a<!-- b <p> -->c": "ac",
    "a<!--[if mso]><p>b</p><![endif]-->c": "ac",
    '<p class="wp-caption-text">Caption</p>text': "text",
    '<div class="sharedaddy sd"><div>Share</div><a>X</a></div>text': "text",
    # What leads to the rest or shares it
    "<p>Text.</p><p><a href=x>Read more</a></p>": "Text.",
    "<p>Text… <a href=x>Continue reading →</a></p>": "Text…",
    '<p>Text… <a class="more-link">Continue <span class="sr-only">Title</span></a></p>': "Text…",
    "<p>Text</p>[<b>Weiterlesen</b> »]": "Text",
    "<p>Text</p><a href=x>続きを読む</a><br><a href=x>Share on Facebook</a>": "Text",
    '<p>A</p><ul class="social-links"><li>Facebook</li><li>Print</li></ul>': "A",
    "<p>Text</p><p>The post <a>Title</a> appeared first on <a>Blog</a>.</p>": "Text",
    "<p>The post X appeared first on Y.</p><p>He said</p>": "The post X appeared first on Y.\nHe said",
    "<p>To know, <a>read more</a></p>": "To know, read more",
    "<p>He said: read more <a>books</a>.</p>": "He said: read more books.",
    "<p><a>Read more</a> of it, or <a>learn more</a>.</p>": "Read more of it, or learn more.",
    "<?php echo 1; ?>a<!DOCTYPE html>b": "ab",
    "<![CDATA[text]]": "text]]",
    # Broken
    "a<form>b": "ab",
    "a<script>b": "a",
    "a<script src=x />b": "ab",
    "<p title='a > b'>c": "c",
    '<p title="it\'s">c': "c",
    "<p don't>c</p>d": "c\nd",
    """<a href="x/@<a href="y" rel="z" title="it's">one</a></p><p title="2">two</p>""": "one\ntwo",
    '<p title= "a > b">c</p>': "c",
    'cut off <a href="http://e.exa': "cut off",
    "cut off <!-- here": "cut off",
    "cut off </p": "cut off",
    "1 < 2 and <3 and <- and <>": "1 < 2 and <3 and <- and <>",
    "</p></div>closed<b><i></b>": "closed",
    '<div class="sharedaddy">never closed': "never closed",
}


@pytest.mark.parametrize("markup", CASES, ids=repr)
def test_text_of_html(markup: str) -> None:
    """Paragraphs, lists, quotes and rows on lines of their own; nothing that isn't text."""
    assert html_to_text(markup) == CASES[markup]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a <b>bold</b> move", True),
        ("<p>", True),
        ("<br/>", True),
        ("a<!-- c -->", True),
        ("Fish &amp; Chips", True),
        ("it&#8217;s", True),
        ("&hellip;", True),
        ("AT&T", False),
        ("x < y > z", False),
        ("BELLSOUTH <BLS> COMPLETES", False),
        ("a & b; c", False),
        ("&nosuchname;", False),
        ("", False),
    ],
)
def test_what_looks_like_html(text: str, expected: bool) -> None:
    """Known tags, comments and references; not every angle bracket."""
    assert looks_like_html(text) is expected


N = 100_000
HOSTILE = {
    "div": "<div>" * N,
    "div, closed": "<div>" * N + "</div>" * N,
    "lists": "<ul><li>" * N,
    "formatting": "<b a=1><p>x" * N,
    "table": "<table><tr><td>" * N,
    "unclosed tags": "<a " * N,
    "unclosed quotes": '<a "' * N,
    "mixed quotes": "<a '\"" * N,
    "unclosed values": '<a b="' * N,
    "mixed values": "<a b='\"" * N,
    "values in values": '<a ="<a =" ' * N,
    "values with blanks": "<a b= '" * N,
    "hints": "<a>read more</a> " * N,
    "open links": "<a>read" * N,
    "comments": "<!--" * N,
    "forms": "<form>" * N,
    "furniture": '<div class="sharedaddy">' * N,
    "brackets": "<" * N,
    "ends": "</" * N,
    "ampersands": "&" * N,
    "digits": "&#" + "9" * N + "<br>",
    "classes": "<p " + "class=" * N + ">",
    "blanks": "<p " + " " * N,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_html_takes_little_time(name: str) -> None:
    """100,000 of anything, nested or unclosed: lexbor took 33 s for the first."""
    with no_hang():
        html_to_text(HOSTILE[name])
        looks_like_html(HOSTILE[name])


PIECES = """<p> </p> < > & &lt; &amp; ' " <!-- --> <script> </script> <a|href= <form <td> <pre> </pre> ]]> <![CDATA[
    / x é &# 9 ; class="sharedaddy" | """


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(PIECES.split()), max_size=30).map(
            lambda pieces: "".join(pieces).replace("|", " ")
        ),
    )
)
def test_any_string_has_a_text(markup: str) -> None:
    """Never raises; no line is empty or has blanks around it where there was a tag."""
    text = html_to_text(markup)
    looks_like_html(markup)
    if "<br>" not in markup:
        lines = html_to_text(markup + "<br>").split("\n")
        assert lines == [""] or all(line and line == line.strip() for line in lines)
    assert len(text) <= len(markup)

"""needletail report as pages: HTML, the figures in it, PDF; with gnuplot and Chromium, and without them.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_report_html.py
"""

import functools
import html
import json
import math
import os
import re
import shutil
import subprocess
import time

import html5lib
import pytest
from lxml import etree

pytest.importorskip("redis")
for needed in ("redis-server", "gnuplot", "chromium", "pdftotext"):
    if not shutil.which(needed):
        pytest.skip(f"no {needed}: tools/setup installs it", allow_module_level=True)

from redis_server import Server
from report_junk import spoil

XHTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"
GAPS = {"": None, "-": None, "–": None, "?": None}
HOSTILE = (
    "</td><script>alert(1)</script>",
    "`touch /tmp/needletail-was-here`",
    "'; system('x'); '",
    '&amp;"><svg onload=x>',
    "x" * 90,
)
WORDS = {
    "ja": ("センサー", "観測アドレス数", "取りこぼした", "欠測区間", "地域データベース"),
    "en": ("sensors", "addresses", "packets lost", "intervals missing", "Region database"),
}
A4 = (595, 842)


def write(run, url, folder, *options):
    done = run("report", "--redis", url, "--quarter", "2022Q3", "-o", folder, *options)
    assert done.status == 0, done.errors
    assert done.errors == ""
    return folder


@pytest.fixture(scope="module")
def folders(quarters, run, tmp_path_factory):
    """By language: a folder with all formats."""
    root, formats = tmp_path_factory.mktemp("pages"), ("--format", "json,html,pdf,svg")
    return {lang: write(run, quarters.server.url, root / lang, "--lang", lang, *formats) for lang in WORDS}


@pytest.fixture(scope="module")
def hostile(quarters, run, tmp_path_factory):
    """The folder of a report on what anybody may have written, with organisations that mean harm."""
    root = tmp_path_factory.mktemp("hostile")
    quarters.server.client.save()
    shutil.copy(quarters.server.folder / "dump.rdb", root)
    labels = root / "labels"
    networks = ("16.6.0.0/17", "16.6.128.0/17", "16.7.0.0/16", "16.8.0.0/17", "16.8.128.0/17")
    quoted = ('"' + name.replace('"', '""') + '"' for name in HOSTILE)
    labels.write_text("".join(f"{network},{name},bank\n" for network, name in zip(networks, quoted)), encoding="utf-8")
    server = Server(root)
    try:
        spoil(server.client)
        server.client.hset("nt:{osaka-1}:org", 64616, HOSTILE[0])
        yield write(run, server.url, root / "out", "--lang", "en", "--format", "json,html,pdf,svg", "--labels", labels)
    finally:
        server.kill()


@pytest.fixture(scope="module", params=["ja", "en", "hostile"])
def folder(request):
    if request.param == "hostile":
        return request.getfixturevalue("hostile")
    return request.getfixturevalue("folders")[request.param]


def page_of(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


@functools.lru_cache(maxsize=None)
def tree_of(folder):
    """As a browser reads it; anything that HTML5 does not allow is an error."""
    return html5lib.HTMLParser(strict=True, tree=html5lib.getTreeBuilder("lxml")).parse(page_of(folder))


def items_of(folder):
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))["items"]


def text_of(element):
    return "".join(element.itertext())


# ---- the page ----


def test_page_is_html5_and_whole(folder):
    tree = tree_of(folder)
    page = page_of(folder)
    document = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert page.startswith("<!DOCTYPE html>\n")
    assert tree.getroot().get("lang") == document["lang"]
    assert tree.findtext(f".//{XHTML}title") == tree.findtext(f".//{XHTML}h1") == document["title"]
    ids = [element.get("id") for element in tree.iter() if isinstance(element.tag, str) and element.get("id")]
    assert len(ids) == len(set(ids))
    named = {link.get("href")[1:] for link in tree.iter(f"{XHTML}a")}
    sections = [section.get("id") for section in tree.iter(f"{XHTML}section")]
    assert set(sections) == named
    assert len(sections) == sum(item["form"] != "data" for item in document["items"])


def test_page_needs_nothing_else(folder):
    for path in (folder / "report.html", *folder.glob("*.svg")):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r'xmlns(:xlink)?="http://www\.w3\.org/[^"]*"', "", text)
        assert not re.search(r"(?:src|href|srcset|action|data)\s*=\s*[\"'](?!#)", text), path
        assert "url(" not in text and "@import" not in text and "://" not in text, path
    for element in tree_of(folder).iter():
        if isinstance(element.tag, str):
            name = element.tag.rsplit("}", 1)[-1]
            assert name not in ("script", "link", "iframe", "object", "embed", "img", "base", "form"), name
            assert not any(key.lower().startswith("on") for key in element.attrib)


def shown(value, column):
    """A value of the JSON as the page shows it, with a sign of being a lower bound left out."""
    if column["kind"] == "share":
        return f"{100 * value:.1f} %"
    if column["kind"] == "flag":
        return "●" if value else ""
    if column["kind"] in ("count", "real"):
        return f"{value:,.0f}"
    return value


def rows_of(section):
    """All that a section's tables hold, by row: title of a column -> cells; parts of a table are put together."""
    rows = []
    for table in section.iter(f"{XHTML}table"):
        for number, row in enumerate(table.find(f"{XHTML}tbody")):
            while len(rows) <= number:
                rows.append({})
            titles = [text_of(title) for title in table.iter(f"{XHTML}th")]
            assert len(titles) == len(row)
            for title, cell in zip(titles, row):
                moment = cell.find(f"{XHTML}time")
                text = text_of(cell) if moment is None else moment.get("datetime")
                rows[number].setdefault(title, []).append((text, cell.get("class").split()))
    return rows


def points(difference):
    """Of a hundred, and not per cent: "+12.3"."""
    text = f"{abs(difference) * 100:.1f}"
    return f"±{text}" if text == "0.0" else f"{'+' if difference > 0 else '−'}{text}"


def test_tables_are_the_json(folder):
    sections = {section.get("id"): section for section in tree_of(folder).iter(f"{XHTML}section")}
    compared = 0
    for item in items_of(folder):
        if item["form"] == "data":
            continue
        rows = rows_of(sections[re.sub("[^A-Za-z0-9_-]", "_", item["id"])])
        cut = 0 < len(rows) < len(item["rows"]) and item["id"] in ("T3", "T4", "T4b", "T4c", "events")
        assert cut or len(rows) == len(item["rows"])
        basis = ("sensors", "intervals", "expected_intervals", "lost_packets")
        for row, truth in zip(rows, item["rows"]):
            for column in item["columns"]:
                if item["form"] == "figure" and column["key"] in basis:
                    continue
                if item["id"] == "marks" and column["key"] in ("asn", "backscatter"):
                    assert column["title"] not in row  # for programs alone
                    continue
                value = truth[column["key"]]
                cells = row[column["title"]]
                if value is None:
                    assert any(text in GAPS and "gap" in kind for text, kind in cells), (item["id"], column["key"])
                    continue
                bound = "≥ " if column["key"] in truth.get("at_least", ()) else ""
                expected = points(value) if column["key"] == "difference" else shown(value, column)
                if isinstance(value, (int, float)) and abs(value) >= 1e12 or (bound and expected == "0"):
                    continue  # a hostile number is not compared digit by digit
                assert any(text == bound + expected for text, _ in cells), (item["id"], column["key"], expected, cells)
                if column["kind"] in ("count", "share", "real") and len(cells) == 1:
                    assert "n" in cells[0][1]  # stands at the right
                compared += 1
    assert compared > 5000


def test_what_qualifies_numbers_stands_beside_them(folders):
    for lang, words in WORDS.items():
        sections = {section.get("id"): section for section in tree_of(folders[lang]).iter(f"{XHTML}section")}
        for item in items_of(folders[lang]):
            if item["form"] == "data" or not item["basis"]:
                continue
            section = sections[item["id"]]
            place = section.find(f".//{XHTML}figcaption")
            place = section.find(f"{XHTML}p[@class='basis']") if place is None else place
            assert all(word in text_of(place) for word in words), item["id"]
            said = [text_of(one) for one in section.findall(f"{XHTML}ul[@class='said']/{XHTML}li")]
            assert said == item["sentences"]
            assert [text_of(one) for one in section.findall(f"{XHTML}ul[@class='notes']/{XHTML}li")] == item["notes"]


def test_names_from_outside_do_no_harm(hostile):
    page = page_of(hostile)
    for name in HOSTILE:
        assert html.escape(name, quote=True).replace("&#x27;", "&#39;") in page
    assert "<script" not in page and not os.path.exists("/tmp/needletail-was-here")
    for path in hostile.glob("*.svg"):
        etree.parse(str(path))


# ---- figures ----


def lines_of(svg):
    """Of a drawing: title of a line -> (colour, what is drawn of it)."""
    lines = {}
    for group in svg.iter(f"{SVG}g"):
        if "gnuplot_plot_" not in group.get("id", ""):
            continue
        title = group.findtext(f"{SVG}title")
        paths = [path for path in group.iter(f"{SVG}path") if path.get("stroke")]
        lines.setdefault(title, []).extend((path.get("stroke"), path.get("d")) for path in paths)
        marks = list(group.iter(f"{SVG}use"))
        lines[title].extend((mark.get("color"), "") for mark in marks)
    return lines


def test_every_line_is_drawn_in_both_widths(folder):
    sections = {section.get("id"): section for section in tree_of(folder).iter(f"{XHTML}section")}
    for item in items_of(folder):
        if item["form"] != "figure":
            continue
        columns = [column for column in item["columns"] if column["line"]]
        drawn = [c for c in columns if any(row[c["key"]] is not None for row in item["rows"])]
        svgs = list(sections[item["id"]].iter(f"{SVG}svg"))
        if not drawn:
            assert not svgs and not (folder / f"{item['id']}.svg").exists()
            continue
        assert len(svgs) == 2
        for svg in (*svgs, etree.parse(str(folder / f"{item['id']}.svg")).getroot()):
            assert {title for title, parts in lines_of(svg).items() if parts} == {c["title"] for c in drawn}
            legend = " ".join(text_of(text) for text in svg.iter(f"{SVG}text"))
            for column in columns:
                assert column["title"][:20] in legend
            assert svg.findtext(f"{SVG}title") == item["title"]  # what is said where it is not seen
            assert svg.get("role") == "img" and svg.get("viewBox") and not svg.get("width")


def points_of(path):
    """Pieces of a line, each with its points."""
    pieces = []
    for step, x, y in re.findall(r"([ML]?)(-?[\d.]+),(-?[\d.]+)", path):
        if step == "M":
            pieces.append([])
        pieces[-1].append((float(x), float(y)))
    return pieces


def test_gaps_are_gaps(folders):
    """F1 has no data on two days: no piece of a line leads across them, and pieces have a point for each other day."""
    item = {item["id"]: item for item in items_of(folders["en"])}["F1"]
    lines = lines_of(etree.parse(str(folders["en"] / "F1.svg")).getroot())
    for column in item["columns"]:
        if not column["line"]:
            continue
        pieces = [piece for _, path in lines[column["title"]] for piece in points_of(path)]
        missing = [n for n, row in enumerate(item["rows"]) if row[column["key"]] is None]
        assert missing == [13, 14]
        assert sorted(len(piece) for piece in pieces) == [13, 77]
        first, second = sorted(pieces)
        step = (first[-1][0] - first[0][0]) / 12
        assert math.isclose(second[0][0] - first[-1][0], 3 * step, abs_tol=0.1)


def test_a_thing_has_one_colour(folders):
    colours = {}
    for item in items_of(folders["ja"]):
        path = folders["ja"] / f"{item['id']}.svg"
        if item["form"] != "figure" or not path.exists():
            continue
        lines = lines_of(etree.parse(str(path)).getroot())
        seen = {}
        for column in item["columns"]:
            key = column["key"]
            if not column["line"] or not lines.get(column["title"]):
                continue
            thing = key.split(":")[1] if key.startswith("others:") or re.match("[A-Z]{2}:", key) else key.split(":")[0]
            found = {colour for colour, _ in lines[column["title"]] if colour}
            assert len(found) == 1, (item["id"], key)
            assert colours.setdefault(thing, found) == found, (item["id"], key)
            seen.setdefault(min(found), set()).add(thing)
        assert all(len(things) == 1 for things in seen.values()), item["id"]
    assert len(colours) > 10


# ---- as it is seen ----

LOOK = """<script>
addEventListener('load', () => {
  const found = [], shown = e => e.getClientRects().length > 0;
  if (document.documentElement.scrollWidth > innerWidth)
    found.push('page is ' + document.documentElement.scrollWidth + ' wide');
  for (const box of document.querySelectorAll('h1, h2, li, p, figcaption, figure, .scroll')) {
    const r = box.getBoundingClientRect();
    if (shown(box) && (r.right > innerWidth + 1 || r.left < -1))
      found.push('over the edge: ' + box.textContent.slice(0, 60));
    if (shown(box) && box.matches('.scroll') && !box.closest('details') && box.scrollWidth > box.clientWidth + 1)
      found.push('cut table: ' + box.closest('section').id + ' ' + box.scrollWidth);
  }
  let drawings = 0, texts = 0;
  for (const svg of document.querySelectorAll('svg')) {
    if (!shown(svg)) continue;
    drawings++;
    const edge = svg.getBoundingClientRect(), id = svg.querySelector('title').id;
    const list = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim());
    const boxes = list.map(t => t.getBoundingClientRect());
    boxes.forEach((a, i) => {
      texts++;
      if (a.left < edge.left - 1 || a.right > edge.right + 1 || a.top < edge.top - 1 || a.bottom > edge.bottom + 1)
        found.push(id + ' cut off: ' + list[i].textContent);
      if (parseFloat(getComputedStyle(list[i]).fontSize) * edge.width / svg.viewBox.baseVal.width < 9.5)
        found.push(id + ' too small: ' + list[i].textContent);
      boxes.forEach((b, j) => {
        const w = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const h = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (j > i && w > 1 && h > 0.3 * a.height)
          found.push(id + ' overlap: ' + list[i].textContent + ' and ' + list[j].textContent);
      });
    });
  }
  parent.document.title = JSON.stringify({width: innerWidth, drawings, texts, found});
});
</script>"""


def browse(page, folder, width, look=LOOK):
    """What a script found of a page on a screen so wide."""
    path = folder / "look.html"
    page = html.escape(re.sub('<meta http-equiv="Content-Security-Policy"[^>]*>', look, page))
    # In a frame, for a window is 500 wide at least.
    frame = f'<iframe width="{width}" height="900" style="border: 0" srcdoc="{page}"></iframe>'
    path.write_text(f'<!DOCTYPE html><meta charset="utf-8"><title></title>{frame}', encoding="utf-8")
    options = ["--headless", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage", "--hide-scrollbars"]
    options += [f"--user-data-dir={folder}/profile", "--window-size=1400,1000"]
    options += ["--no-sandbox"] if os.geteuid() == 0 else []
    done = subprocess.run(
        ["chromium", *options, "--dump-dom", f"file://{path}"],
        env=os.environ | {"XDG_CONFIG_HOME": str(folder), "XDG_CACHE_HOME": str(folder)},
        capture_output=True, text=True, timeout=60, check=True,
    )
    return json.loads(html.unescape(re.search("<title>(.*?)</title>", done.stdout, re.DOTALL).group(1)))


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_overlaps_or_is_cut_off(folder, tmp_path, width):
    looked = browse(page_of(folder), tmp_path, width)
    assert looked["found"] == []
    assert looked["width"] == width
    assert looked["drawings"] == len(list(folder.glob("*.svg"))) and looked["texts"] > 10 * looked["drawings"]


PHONE = """<script>
addEventListener('load', () => {
  const found = {};
  for (const id of ['T1', 'T2', 'marks']) {
    const table = document.querySelector('#' + id + ' table'), edge = table.parentNode.getBoundingClientRect().right;
    const rows = [...table.rows].filter(row => row.getClientRects().length && row.querySelector('td'));
    const seen = [...rows[0].cells].filter(cell => cell.getClientRects().length);
    found[id] = {
      seen: seen.filter(cell => cell.getBoundingClientRect().right <= edge + 1).length, cells: seen.length,
      height: Math.max(...rows.map(row => row.getBoundingClientRect().height)),
      titles: seen.map(cell => cell.dataset.title || ''),
    };
  }
  parent.document.title = JSON.stringify(found);
});
</script>"""


def test_tables_on_a_telephone(folders, tmp_path):
    """All columns of ranks are seen without moving the table; what is too wide or has sentences is a card for each row."""
    looked = browse(page_of(folders["en"]), tmp_path, 390, PHONE)
    for table in ("T1", "T2"):
        assert looked[table]["seen"] == looked[table]["cells"] == 8
        assert looked[table]["height"] < 110 and "" not in looked[table]["titles"]
    looked_ja = browse(page_of(folders["ja"]), tmp_path, 390, PHONE)
    assert looked_ja["T1"]["seen"] == looked_ja["T1"]["cells"] == 8
    marks = looked["marks"]
    assert marks["seen"] == marks["cells"] >= 8  # what is not known is left out
    assert marks["height"] < 320 and "what it says" in marks["titles"] and "" not in marks["titles"]
    item = {item["id"]: item for item in items_of(folders["en"])}["T1"]
    assert [column["key"] for column in item["columns"]][:3] == ["rank", "previous_rank", "port"]


# ---- PDF ----


def of_pdf(program, path, *options):
    to = ["-"] if program == "pdftotext" else []
    return subprocess.run([program, *options, path, *to], capture_output=True, text=True, check=True).stdout


def test_pdf_has_pages_and_texts(folder):
    path = folder / "report.pdf"
    info = dict(re.findall(r"^([^:]+):\s+(.*)$", of_pdf("pdfinfo", path), re.MULTILINE))
    assert 10 <= int(info["Pages"]) <= 40
    sizes = re.findall(r"Page.*size:\s+([\d.]+) x ([\d.]+) pts", of_pdf("pdfinfo", path, "-l", "99"))
    assert {tuple(sorted(round(float(side)) for side in size)) for size in sizes} == {A4}
    text = re.sub(r"\s+", "", of_pdf("pdftotext", path))
    for item in items_of(folder):
        if item["form"] != "data":
            assert re.sub(r"\s+", "", item["title"]) in text
    assert f"1/{info['Pages']}" in text
    assert re.search(r"CJK|IPA|Gothic|DejaVu|Noto", of_pdf("pdffonts", path))


def words_of(path):
    """Of each page: its size, and its words with their upper and lower edges, less head and foot."""
    for page in of_pdf("pdftotext", path, "-bbox").split("<page ")[1:]:
        width, height = (float(side) for side in re.match(r'width="([\d.]+)" height="([\d.]+)"', page).groups())
        found = re.findall(r'<word xMin="[\d.]+" yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">(.*?)</word>', page)
        words = [(float(top), float(end), html.unescape(word)) for top, end, word in found]
        yield width, height, [word for word in words if 45 < word[0] and word[1] < height - 45]


def test_pages_are_filled(folders):
    """Sentences may stand on the page before their figure, so that no section leaves half a page; and no page ends with
    a heading."""
    for lang, folder in folders.items():
        pages = list(words_of(folder / "report.pdf"))
        upright = [n for n, (width, height, _) in enumerate(pages) if width < height]
        # What stands before a page on its side, or at the end, is as long as it is.
        full = [n for n in upright if n + 1 in upright]
        filled = [max(end for _, end, _ in pages[n][2]) / pages[n][1] for n in full]
        assert sum(filled) / len(filled) > 0.8, (lang, filled)
        assert min(filled) > 0.5, (lang, filled)
        titles = [re.sub(r"\s+", "", item["title"]) for item in items_of(folder) if item["form"] != "data"]
        for _, _, words in pages:
            last = max(end for _, end, _ in words)
            line = "".join(word for _, end, word in words if end > last - 3)
            assert line and not any(title.endswith(line) for title in titles), (lang, line)


def test_japanese_is_printed_in_a_font_that_has_it(folders):
    fonts = of_pdf("pdffonts", folders["ja"] / "report.pdf")
    assert re.search("CJK|IPA|Gothic|Mincho", fonts), fonts


def test_pages_are_printed_in_their_full_size(folder, folders):
    """Something wider than the paper would make everything small."""

    def height(path):
        words = of_pdf("pdftotext", path, "-l", "1", "-bbox")
        box = re.search(r'<word xMin="[\d.]+" yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)"', words)
        return float(box.group(2)) - float(box.group(1))

    lang = json.loads((folder / "report.json").read_text(encoding="utf-8"))["lang"]
    assert height(folder / "report.pdf") == pytest.approx(height(folders[lang] / "report.pdf"), rel=0.01)
    assert height(folder / "report.pdf") > 20


# ---- command line ----


def test_page_to_standard_output(quarters, program, folders):
    command = [program, "report", "--redis", quarters.server.url, "--quarter", "2022Q3", "--lang", "en"]
    done = subprocess.run([*command, "--format", "html"], capture_output=True, timeout=60, check=True)
    assert done.stdout == (folders["en"] / "report.html").read_bytes()


def test_svg_needs_a_folder(run):
    done = run("report", "--redis", "unix:///none", "--quarter", "2022Q3", "--format", "svg")
    assert done.status == 2 and "-o DIR" in done.errors


class Programs:
    """A folder to be PATH: links to those that are there, and scripts."""

    def __init__(self, folder):
        self.folder = folder / "bin"
        self.folder.mkdir()
        self.temporary = folder / "tmp"
        self.temporary.mkdir()

    def link(self, name):
        (self.folder / name).symlink_to(shutil.which(name))

    def script(self, name, text):
        (self.folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.folder / name).chmod(0o755)

    def start(self, program, quarters, *options):
        return subprocess.Popen(
            [program, "report", "--redis", quarters.server.url, "--quarter", "2022Q3", *map(str, options)],
            env={"PATH": str(self.folder), "TMPDIR": str(self.temporary)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )

    def run(self, program, quarters, *options):
        process = self.start(program, quarters, *options)
        out, errors = process.communicate(timeout=60)
        return process.returncode, out, errors


@pytest.mark.parametrize("wanted", ["html", "pdf", "svg"])
def test_gnuplot_is_missing(quarters, program, tmp_path, wanted):
    status, out, errors = Programs(tmp_path).run(program, quarters, "--format", wanted, "-o", tmp_path / "out")
    assert (status, out) == (2, "") and not (tmp_path / "out").exists()
    assert errors.count("\n") == 1 and "apt-get install gnuplot-nox" in errors


def test_chromium_is_missing(quarters, program, tmp_path):
    programs = Programs(tmp_path)
    programs.link("gnuplot")
    status, out, errors = programs.run(program, quarters, "--format", "pdf", "-o", tmp_path / "out")
    assert (status, out) == (2, "") and not (tmp_path / "out").exists()
    assert errors.count("\n") == 1 and "apt-get install chromium" in errors
    status, _, errors = programs.run(program, quarters, "--format", "html,svg", "-o", tmp_path / "out")
    assert (status, errors) == (0, "")


def test_pdf_to_standard_output(quarters, program, tmp_path):
    programs = Programs(tmp_path)
    for name in ("gnuplot", "cat", "grep"):
        programs.link(name)
    find = 'for a in "$@"; do case $a in --print-to-pdf=*) to=${a#*=};; file://*) page=${a#file://};; esac; done'
    programs.script("google-chrome", f'{find}; (echo %PDF-; grep -c "<section" "$page") >"$to"')
    status, out, errors = programs.run(program, quarters, "--format", "pdf")
    assert (status, errors) == (0, "")
    assert re.match("%PDF-\n[2-9][0-9]\n", out)  # it was given the page and its sections


def test_gnuplot_fails(quarters, program, tmp_path):
    programs = Programs(tmp_path)
    programs.script("gnuplot", "echo 'line 3: no such terminal' >&2; exit 1")
    status, out, errors = programs.run(program, quarters, "--format", "html,json", "-o", tmp_path / "out")
    assert (status, out) == (1, "")
    assert errors == "needletail: report: figures: gnuplot failed with status 1: line 3: no such terminal\n"


def test_chromium_fails(quarters, program, tmp_path):
    """What else was asked for is there; the PDF of the time before stays as it was."""
    programs = Programs(tmp_path)
    programs.link("gnuplot")
    programs.script("chromium", "echo no display >&2; exit 7")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/report.pdf").write_text("older")
    status, out, errors = programs.run(program, quarters, "--format", "html,pdf,json", "-o", tmp_path / "out")
    assert (status, out) == (1, "")
    assert errors == "needletail: report: pdf: chromium failed with status 7: no display\n"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"report.html", "report.json", "report.pdf"}
    assert (tmp_path / "out/report.pdf").read_text() == "older"
    assert not list(programs.temporary.iterdir())


def test_interrupted_while_printing(quarters, program, tmp_path):
    programs = Programs(tmp_path)
    programs.link("gnuplot")
    for name in ("sleep", "touch"):
        programs.link(name)
    programs.script("chromium", f"touch {tmp_path}/begun; sleep 100")
    process = programs.start(program, quarters, "--format", "pdf", "-o", tmp_path / "out")
    deadline = time.monotonic() + 60
    while not (tmp_path / "begun").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    assert list(programs.temporary.iterdir())
    process.terminate()
    assert process.wait(10) == -15
    assert not list(programs.temporary.iterdir()) and not list((tmp_path / "out").iterdir())

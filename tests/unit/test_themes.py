"""Themes of comments: files, what is settled, who is counted, what is hidden, and how far two coders agree."""

import polars as pl
import pytest

from cfc_pipeline.disclosure.profile import load_profile
from cfc_pipeline.disclosure.themes import protect_themes
from cfc_pipeline.errors import ConfigError
from cfc_pipeline.identity.themes import add_codes, read_coding
from cfc_pipeline.outcomes.themes import settled, theme_agreement, theme_count
from cfc_pipeline.recipes import sheets
from schemas.tables import TABLES, polars_schema

BOOK = "id,label,definition\ngroup,The group,Being with others\ntime,Time,\n"
THEMES = pl.DataFrame({"theme": ["group", "time"]})
DEFAULT = load_profile("default")


def folder(place, codes="", book=BOOK):
    (place / "themes.csv").write_text(book)
    if codes:
        (place / "codes.csv").write_text("comment,coder,theme\n" + codes)
    return place


def test_without_files_nothing_is_coded(tmp_path):
    assert read_coding(tmp_path).codes == ()


@pytest.mark.parametrize(
    ("book", "codes", "says"),
    [
        ("id,label\ngroup,G\n", "", "themes.csv lacks columns. where: definition"),
        ("id,label,definition\nThe group,G,\n", "", "themes.csv: id is not a short word * lines 2"),
        ("id,label,definition\nnone,N,\n", "", "is kept for comments without a theme * lines 2"),
        ("id,label,definition\na,Same,\nb,same,\n", "", "label is there already * lines 3"),
        ("id,label,definition\na,,\n", "", "label is empty * lines 2"),
        (BOOK, "c-1,k1,group\nc-2,k1,Secretvalue\n", "theme is neither in themes.csv nor `none` * lines 3"),
        (BOOK, "Secretvalue,k1,group\n", "comment is not an id * lines 2"),
        (BOOK, "c-1,Secretvalue Smith,group\n", "coder is not a short word * lines 2"),
        (BOOK, "c-1,k1,group\nc-1,k1,none\n", "stands beside a theme of the same coder * lines 3"),
        (BOOK, "c-1,k1,group\nc-1,k2,group\n\nc-1,k3,group\n", "more than two coders besides `agreed` * lines 5"),
    ],
)
def test_a_mistake_is_told_by_file_line_and_rule(tmp_path, book, codes, says):
    with pytest.raises(ConfigError) as caught:
        read_coding(folder(tmp_path, codes, book))
    told = " ".join(str(caught.value).split())
    assert all(part in told for part in says.split(" * "))
    assert "Secretvalue" not in told


def test_a_coders_second_thoughts_replace_the_first(tmp_path):
    place = folder(tmp_path, "c-1,k1,group\nc-2,k1,time\nc-1,k2,none\n")
    add_codes(place, "k1", {"c-1": ["time", "group"]})
    codes = {(c.comment, c.coder, c.theme) for c in read_coding(place).codes}
    assert codes == {("c-2", "k1", "time"), ("c-1", "k2", "none"), ("c-1", "k1", "time"), ("c-1", "k1", "group")}
    assert read_coding(place).stale(["c-1"]) == [2]


def coded(*rows):
    return pl.DataFrame(list(rows), schema=polars_schema(TABLES["comment_code"]), orient="row")


CODES = coded(
    ("c-1", "first", "group"), ("c-1", "first", "time"), ("c-1", "second", "group"),  # one in common
    ("c-2", "first", "time"), ("c-2", "second", "group"),  # nothing in common
    ("c-3", "first", "time"), ("c-3", "second", "group"), ("c-3", "agreed", "time"),  # settled
    ("c-4", "first", "group"),  # one coder only
    ("c-5", "first", "none"), ("c-5", "second", "none"),
)  # fmt: skip


def test_what_is_settled():
    assert settled(CODES).rows() == [("c-1", "group"), ("c-2", None), ("c-3", "time"), ("c-5", "none")]


def written(*rows):
    """comment, cohort, form, who if known, occasion, their school, schools in the cohort."""
    names = ("comment_id", "cohort_id", "response_id", "known", "occasion", "school_id", "schools")
    frame = pl.DataFrame(list(rows), schema=dict.fromkeys(names[:-1], pl.String) | {"schools": pl.Int64}, orient="row")
    return frame.with_columns(academic_year=pl.lit("2023/24"))


def counts_of(rows, level="all"):
    valid = TABLES["theme_count"].validate(rows).lazy().collect()
    rows = valid.filter(level=level).select("theme", "n_comments", "n_people", "n_schools").rows()
    return {theme: tuple(figures) for theme, *figures in rows}


def test_people_are_counted_from_below():
    """Six comments: one known person wrote two; three anonymous forms are of two occasions."""
    rows = written(
        ("c-1", "a", "r-1", "p-1", "post", "s-1", 4),
        ("c-2", "a", "r-1", "p-1", "post", "s-1", 4),
        ("c-3", "a", "r-2", None, "1", None, 4),
        ("c-4", "a", "r-3", None, "1", None, 4),
        ("c-5", "a", "r-4", None, "2", None, 4),
        ("c-6", "b", "r-5", None, "2", None, 0),
    )
    codes = coded(*((f"c-{n}", coder, "group") for n in range(1, 7) for coder in ("first", "second")))
    found = theme_count(codes, rows, THEMES)
    assert counts_of(found) == counts_of(found, "year")
    # At least two people in cohort a (two forms of one session), one in b; nobody of b is on a roster.
    assert counts_of(found) == {None: (6, 3, 2), "group": (6, 3, 2), "none": (0, 0, 0), "time": (0, 0, 0)}


def test_agreement_is_statsmodels_and_before_anything_was_settled():
    """statsmodels' cohens_kappa of the table of `group`: c-1 both, c-2 and c-3 second only, c-5 neither."""
    from statsmodels.stats.inter_rater import cohens_kappa

    found = TABLES["theme_agreement"].validate(theme_agreement(CODES, THEMES)).lazy().collect()
    rows = {r["theme"]: r for r in found.rows(named=True)}
    oracle = cohens_kappa([[1, 0], [2, 1]])
    assert rows["group"]["n_both"] == 4
    assert rows["group"]["kappa"] == pytest.approx(oracle.kappa)
    assert rows["group"]["kappa_low"] == pytest.approx(max(-1, oracle.kappa_low))
    assert rows["group"]["kappa_high"] == pytest.approx(min(1, oracle.kappa_upp))
    assert rows[None]["kappa"] is None
    # Sets: {group time}/{group}, {time}/{group} twice, {none}/{none}: 1 - 7 · 6 / (64 - 18).
    assert rows[None]["alpha"] == pytest.approx(1 - 7 * 6 / 46)


def test_without_codes_there_are_no_rows():
    none = coded()
    assert theme_count(none, written(), THEMES).is_empty()
    assert theme_agreement(none, THEMES).is_empty()


def counted(*rows):
    return pl.DataFrame(list(rows), schema=polars_schema(TABLES["theme_count"]), orient="row")


def test_what_a_few_people_wrote_of_is_hidden_and_does_not_follow_from_the_years():
    rows = counted(
        ("year", "2023/24", None, 40, 20, 9), ("year", "2024/25", None, 50, 20, 9), ("all", None, None, 90, 40, 9),
        ("year", "2023/24", "group", 12, 3, 3), ("year", "2024/25", "group", 20, 9, 6),
        ("all", None, "group", 32, 12, 7),
        ("year", "2023/24", "time", 20, 9, 6), ("year", "2024/25", "time", 50, 20, 9), ("all", None, "time", 70, 29, 9),
        ("year", "2023/24", "none", 0, 0, 0), ("year", "2024/25", "none", 9, 6, 2), ("all", None, "none", 9, 6, 2),
    )  # fmt: skip
    agreement = theme_agreement(CODES, THEMES).with_columns(n_both=pl.lit(90, pl.Int64))
    seen, agreed = protect_themes(rows, agreement, DEFAULT)
    shown = dict(zip(rows.select("theme", "academic_year").rows(), seen.values["n_comments"], strict=True))
    assert shown["group", "2023/24"] is None  # three people wrote twelve comments
    assert [shown["group", "2024/25"], shown["group", None]].count(None) == 1
    assert shown["time", "2024/25"] is None  # all comments of that year
    assert shown["none", None] is None  # two schools
    assert shown[None, None] == 90
    kappas = dict(agreed.values.select("theme", "kappa").rows())
    assert kappas["none"] is None
    assert (kappas["group"] is None) == (shown["group", None] is None)


def test_agreement_of_few_comments_is_hidden():
    rows = counted(("year", "2023/24", None, 4, 4, 4), ("all", None, None, 4, 4, 4))
    _, agreed = protect_themes(rows, theme_agreement(CODES, THEMES), DEFAULT)
    assert set(agreed.hidden["alpha"]) == {"FEW_PEOPLE"}
    open_, _ = protect_themes(rows, theme_agreement(CODES, THEMES), DEFAULT, "a paper for the team only")
    assert open_.values["n_comments"].to_list() == [4, 4]


def a_sheet(place, *rows, separator=",", encoding="utf-8"):
    path = sheets.place(place, "k1")
    path.parent.mkdir()
    lines = [["comment", "question", "text", "note", "themes"], *rows]
    path.write_text("\r\n".join(separator.join(line) for line in lines) + "\r\n", encoding=encoding)
    return path


@pytest.mark.parametrize(("separator", "encoding"), [(",", "utf-8-sig"), (";", "cp1252")])
def test_a_sheet_is_read_as_spreadsheet_programs_save_it(tmp_path, separator, encoding):
    rows = (["c-1", "helped", "Café", "", "group time"], ["c-2", "helped", "Yes", "", ""])
    path = a_sheet(tmp_path, *rows, separator=separator, encoding=encoding)
    assert sheets.read(path, {"group", "time"}) == ({"c-1": ["group", "time"]}, ["c-2"])
    sheets.keep_only(path, ["c-2"])
    assert "c-1" not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    sheets.keep_only(path, [])
    assert not path.exists()


def test_a_word_that_is_no_theme_is_told_by_its_line(tmp_path):
    path = a_sheet(tmp_path, ["c-1", "helped", "Yes", "", "group"], ["c-2", "helped", "No", "", "Secretvalue"])
    with pytest.raises(ConfigError, match=r"coding/k1.csv lines 3") as caught:
        sheets.read(path, {"group"})
    assert "Secretvalue" not in str(caught.value)


def test_a_sheet_that_cannot_be_read_is_named_and_left(tmp_path):
    path = a_sheet(tmp_path)
    path.write_text("something else\n")
    assert sheets.prune(tmp_path, []) == ["coding/k1.csv"]
    assert path.exists()


def test_a_comment_that_is_a_formula_is_harmless_in_the_sheet(tmp_path):
    path = sheets.place(tmp_path, "k1")
    sheets.write(path, [{"comment_id": "c-1", "question": "helped", "text": '=HYPERLINK("x")', "note": ""}])
    assert "'=HYPERLINK" in path.read_text(encoding="utf-8-sig")
    assert path.parent.stat().st_mode & 0o777 == 0o700

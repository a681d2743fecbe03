"""What is told of figures: verdicts, tables, plots and the page."""

from xml.etree import ElementTree as ET

import pytest

from benchmarks.report.chart import Line, Point, curves, ratios
from benchmarks.report.page import MADE, PAGE, PLACE, figure_tables, filled, growth_tables
from benchmarks.report.plots import PLOTS, drawn
from benchmarks.report.row import Aim, Row
from benchmarks.report.table import table
from benchmarks.results import Machine, Results, added

SVG = "{http://www.w3.org/2000/svg}"
MACHINE = Machine("3.11", "Linux", "a <processor> & more", 2, 0.1, "2026-01-01T00:00:00Z")


def row(**changed: object) -> Row:
    given: dict[str, object] = {
        "figure": "deliveries/s, room of 100",
        "store": "sqlite",
        "samples": [100.0, 200.0, 300.0],
        "floors": [400.0, 400.0, 400.0],
        "driver": [0.5, 0.5, 0.5],
        "server": [1.0, 1.0, 1.0],
        "floor_server": [0.5, 0.5, 0.5],
    }
    return Row(**(given | changed))  # type: ignore[arg-type]


@pytest.fixture
def plots(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> object:
    """Where plots are written."""
    monkeypatch.setattr("benchmarks.report.page.FIGURES", tmp_path)
    return tmp_path


def results(*rows: Row) -> Results:
    return Results(MACHINE, quick=False, runs=3, rows=list(rows))


# Verdicts


def test_ratio_is_judged_by_the_median_of_the_runs() -> None:
    assert row().meets(Aim("ratio", 0.5))
    assert not row().meets(Aim("ratio", 0.51))
    assert row().meets(Aim("ratio", 0.5, least=False))


def test_ratio_is_judged_by_processor_time_where_the_driver_was_the_limit() -> None:
    assert row().by_processor == [0.125, 0.25, 0.375]
    assert row(driver=[0.5, 0.95, 0.5]).judged(Aim("ratio", 0.5)) == 0.25


def test_ratio_is_judged_by_processor_time_where_other_programs_ran() -> None:
    assert row(others=0.5).judged(Aim("ratio", 0.5)) == 0.25
    assert "MISSED (0.25)" in table([row(others=0.5, aims=(Aim("ratio", 0.5),))])


def test_processor_time_does_not_judge_where_a_database_has_its_own() -> None:
    assert row(others=0.5, store="mongo").judged(Aim("ratio", 0.5)) == 0.5


def test_what_a_core_does_is_the_rate_over_the_share_that_was_used() -> None:
    assert row(server=[0.5, 0.5, 0.5]).judged(Aim("core", 1)) == pytest.approx(400)


def test_times_have_no_cost() -> None:
    assert row(figure="send → deliver, 10,000/s, p99, ms").by_processor == []


def test_missed_aim_is_told_as_such() -> None:
    told = table([row(aims=(Aim("value", 1000), Aim("core", 100)))])
    assert "≥ 1,000 MISSED, ≥ 100 a core met (200)" in told


def test_rows_measured_again_take_the_places_of_those_before() -> None:
    old = [row(figure="a"), row(figure="b"), row(figure="c", store="mongo")]
    new = [row(figure="b", samples=[1.0]), row(figure="d"), row(figure="b", x=5.0)]
    told = [(one.figure, one.store, one.x, one.samples == [1.0]) for one in added(old, new)]
    assert told == [
        ("a", "sqlite", 0, False),
        ("b", "sqlite", 0, True),
        ("d", "sqlite", 0, False),
        ("b", "sqlite", 5, False),
        ("c", "mongo", 0, False),
    ]


# Plots


def test_curves_show_every_point_with_its_spread() -> None:
    points = [Point(10.0**power, power, power * 0.9, power * 1.2) for power in range(1, 5)]
    drawing = ET.fromstring(curves("Cost & more", "members", "µs", [Line("a", points), Line("b", points, True)]))
    assert len(drawing.findall(f"{SVG}circle")) == 8
    assert [len(line.attrib["points"].split()) for line in drawing.findall(f"{SVG}polyline")] == [4, 4]
    assert len([rule for rule in drawing.findall(f"{SVG}path") if rule.attrib["class"].startswith("spread")]) == 8


def test_points_lie_within_the_picture() -> None:
    points = [Point(1, 0.003, 0.001, 0.2), Point(1_000_000, 5e6, 4e6, 9e6)]
    drawing = ET.fromstring(curves("t", "x", "y", [Line("a", points)]))
    _, _, width, height = map(float, drawing.attrib["viewBox"].split())
    for dot in drawing.findall(f"{SVG}circle"):
        assert 0 < float(dot.attrib["cx"]) < width
        assert 0 < float(dot.attrib["cy"]) < height


@pytest.mark.parametrize("values", [(1.0, 1.0), (0.5, 0.5), (1.0, 3.0)])
def test_curves_of_one_value_are_drawn(values: tuple[float, float]) -> None:
    points = [Point(x, y, y, y) for x, y in enumerate(values, 1)]
    assert len(ET.fromstring(curves("t", "x", "y", [Line("a", points)])).findall(f"{SVG}circle")) == 2
    assert ET.fromstring(curves("t", "x", "y", [Line("a", points[:1])])).findall(f"{SVG}circle")


def test_ratios_name_every_figure() -> None:
    drawing = ET.fromstring(ratios("t", "ratio", [("a < b", Point(1, 0.5, 0.4, 0.6)), ("c", Point(1, 3, 2, 4))]))
    assert {"a < b", "c"} <= {text.text for text in drawing.findall(f"{SVG}text")}
    assert len(drawing.findall(f"{SVG}circle")) == 2


def test_plot_has_a_curve_for_each_store_and_its_floor() -> None:
    figure = PLOTS["history"].figures[0]
    rows = [row(figure=figure, store=store, x=x) for store in ("sqlite", "mongo") for x in (1000, 10_000)]
    drawing = ET.fromstring(drawn(PLOTS["history"], rows))
    assert [line.attrib["class"] for line in drawing.findall(f"{SVG}polyline")] == [
        "line c0",
        "line c0 floor",
        "line c1",
        "line c1 floor",
    ]


def test_plot_of_nothing_is_not_drawn() -> None:
    assert drawn(PLOTS["memory"], [row()]) == ""


# The page


def test_page_has_a_place_for_everything_that_is_made() -> None:
    assert set(MADE) <= {match[2] for match in PLACE.finditer(PAGE.read_text(encoding="utf-8"))}


def test_page_is_filled_where_it_is_told_and_nowhere_else() -> None:
    page = "a\n<!-- made: one -->\nold\n<!-- end -->\nb\n<!-- made: two -->\nkept\n<!-- end -->\n"
    assert filled(page, {"one": r"n\1w" + "\n"}) == page.replace("old", r"n\1w")
    with pytest.raises(ValueError, match="three"):
        filled(page, {"three": ""})


@pytest.mark.usefixtures("plots")
def test_tables_hold_every_figure_of_every_store() -> None:
    rows = [row(store="the driver's own ceiling", floors=[]), row(), row(store="mongo", figure="KiB a session")]
    told = figure_tables(results(*rows))
    assert told.count("| deliveries/s, room of 100 |") == 2
    assert "**MongoDB**" in told
    assert "a <processor> & more" in told
    assert "performance/figures-sqlite.svg" in told


@pytest.mark.usefixtures("plots")
def test_growth_has_a_plot_and_a_table_for_each_curve() -> None:
    rows = [row(figure=PLOTS["delivery"].figures[0], x=x) for x in (10, 100, 1000)]
    rows += [row(figure="over nodes: refused", store="mongo", floors=[], x=x) for x in (1, 2)]
    told = growth_tables(results(*rows))
    assert "performance/delivery.svg" in told
    cells = [[cell.strip() for cell in line.split("|")] for line in told.splitlines() if "SQLite, " in line]
    assert [line[1] for line in cells] == ["SQLite, 10", "SQLite, 100", "SQLite, 1,000"]
    assert "**over nodes: refused**" in told
    assert "| MongoDB, 2 | 200 (100 - 300) |" in told

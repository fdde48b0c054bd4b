"""Figures from a council's events, referrals, surveys and services: each with its own unit and base.

Sessions, people referred and people who came are three counts, and are never added. A practice or a
network is a list of patients, not an area: its numbers stand under the district, by name. People who
chose to answer are not a sample, and get no interval.
"""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from fairplace.local_figures import make_figures, paper
from fairplace.small_numbers import hide_small, small
from fairplace.statistics_intervals import name_interval, wilson
from geo.boundaries import Boundaries
from geo.figures import empty_figures, tidy_figures
from geo.points import index_areas, place
from layers.council.reader import CouncilTable

Papers = dict[str, dict[str, str]]
#: Estates with fewer replies than this are not shown.
FEWEST_REPLIES = 10
ALL = ""


def code_points(points: gpd.GeoDataFrame, areas: Boundaries) -> pd.Series[str]:
    """Code of the area that holds each point; empty where none does."""
    index = index_areas(areas)
    fell = place(points.geometry.x, points.geometry.y, index)
    codes = np.where(fell.area >= 0, index.codes.to_numpy()[np.maximum(fell.area, 0)], "")
    return pd.Series(codes, index=points.index, dtype="str")


def service_figures(
    services: gpd.GeoDataFrame, boundaries: Mapping[str, Boundaries], *, period: str, source: str
) -> tuple[pd.DataFrame, Papers]:
    """Count public services by ward and for the authority, by kind."""
    parts = []
    for key in ("wd25", "lad25"):
        codes = code_points(services, boundaries[key])
        for kind in [ALL, *sorted(services["kind"].unique())]:
            here = codes[(codes != "") & ((services["kind"] == kind) | (kind == ALL))]
            counts = here.value_counts().reindex(boundaries[key].codes, fill_value=0).astype(float)
            parts.append(
                make_figures(
                    counts, indicator="services", geography=key, group=kind, period=period, unit="count",
                    source=source,
                )
            )  # fmt: skip
    return tidy_figures(parts), {"services": paper("Services and settings open to the public", "count")}


def event_figures(
    events: gpd.GeoDataFrame,
    boundaries: Mapping[str, Boundaries],
    *,
    authority: str,
    period: str,
    source: str,
    fifths: pd.Series[float] | None = None,
) -> tuple[pd.DataFrame, Papers]:
    """Count events and those who came.

    Parameters
    ----------
    events
        Points with ``kind``, ``attendance`` and ``attendance_unit``.
    boundaries
        ``lsoa21``, ``wd25`` and ``lad25``.
    authority, period, source
        For the rows.
    fifths
        National fifth of deprivation by LSOA (1 = most deprived): people are counted by the fifth of the
        place where the event was held, which is not where they live.

    Returns
    -------
    tuple
        Figures and papers. Different people and attendances are two indicators; by ward for all kinds
        together and by kind for the authority, so that no small count follows from crossing the two.
    """
    wards = code_points(events, boundaries["wd25"])
    inside = wards != ""
    held = events[inside]
    parts = []
    for key, codes in (("wd25", wards[inside]), ("lad25", pd.Series(authority, index=held.index))):
        counts = codes.value_counts().reindex(boundaries[key].codes, fill_value=0).astype(float)
        parts.append(_row(counts, "events", key, ALL, period, "count", source))
    for kind in sorted(held["kind"].unique()):
        number = pd.Series({authority: float((held["kind"] == kind).sum())})
        parts.append(_row(number, "events", "lad25", kind, period, "count", source))
    unit = held["attendance_unit"].replace("", "people")
    for name, label in (("people", "people"), ("attendances", "count")):
        these = held[unit == name]
        if these.empty:
            continue
        came = these["attendance"].fillna(0.0)
        by_ward = came.groupby(wards[these.index]).sum().reindex(boundaries["wd25"].codes)
        by_kind = came.groupby(these["kind"]).sum()
        parts.append(_row(by_ward, f"event_{name}", "wd25", ALL, period, label, source, hide_small(by_ward)))
        hide = hide_small(by_kind)
        total = pd.Series({authority: float(came.sum())})
        parts.append(_row(total, f"event_{name}", "lad25", ALL, period, label, source, small(total)))
        if name == "attendances" and these["unique_people"].notna().any():
            different = pd.Series({authority: float(these["unique_people"].sum())})
            few = small(different) | small(total - different)
            parts.append(
                _row(different, "event_different_people", "lad25", ALL, period, "people", source, few)
            )
        for kind, number in by_kind.items():
            one = pd.Series({authority: float(number)})
            mask = pd.Series({authority: bool(hide[kind])})
            parts.append(_row(one, f"event_{name}", "lad25", str(kind), period, label, source, mask))
        if fifths is not None:
            lsoas = code_points(these, boundaries["lsoa21"])
            by_fifth = came.groupby(lsoas.map(fifths)).sum()
            hide = hide_small(by_fifth)
            for fifth, number in by_fifth.items():
                one = pd.Series({authority: float(number)})
                mask = pd.Series({authority: bool(hide[fifth])})
                group = f"{int(float(str(fifth)))}"
                parts.append(_row(one, f"event_{name}_by_fifth", "lad25", group, period, label, source, mask))
    papers = {
        "events": paper("Events and pop-ups held", "count"),
        "event_people": paper("People seen at events", "people"),
        "event_attendances": paper("Attendances at events (one person may come twice)", "count"),
        "event_different_people": paper("Different people among the attendances", "people"),
        "event_people_by_fifth": paper(
            "People seen at events, by national fifth of deprivation of the place of the event",
            "people",
            direction="1 = most deprived",
        ),
        "event_attendances_by_fifth": paper(
            "Attendances, by national fifth of deprivation of the place of the event",
            "count",
            direction="1 = most deprived",
        ),
    }
    return tidy_figures(parts), papers


def incident_figures(
    incidents: gpd.GeoDataFrame, boundaries: Mapping[str, Boundaries], *, period: str, source: str
) -> tuple[pd.DataFrame, Papers]:
    """Count incidents of a council's own file by ward and for the authority, by kind."""
    parts = []
    for key in ("wd25", "lad25"):
        codes = code_points(incidents, boundaries[key])
        for kind in [ALL, *sorted(incidents["kind"].unique())]:
            here = codes[(codes != "") & ((incidents["kind"] == kind) | (kind == ALL))]
            counts = here.value_counts().reindex(boundaries[key].codes, fill_value=0).astype(float)
            hide = hide_small(counts) if key == "wd25" else small(counts)
            parts.append(_row(counts, "local_incidents", key, kind, period, "count", source, hide))
    return tidy_figures(parts), {"local_incidents": paper("Incidents in the council's own file", "count")}


def _row(
    values: pd.Series[float],
    indicator: str,
    geography: str,
    group: str,
    period: str,
    unit: str,
    source: str,
    hidden: pd.Series[bool] | None = None,
) -> pd.DataFrame:
    return make_figures(
        values, indicator=indicator, geography=geography, group=group, period=period, unit=unit,
        source=source, hidden=hidden,
    )  # fmt: skip


#: Column of a referral table -> (label, unit of the figure).
REFERRALS: Mapping[str, tuple[str, str]] = {
    "sessions": ("Advice sessions held", "count"),
    "referrals": ("People referred", "people"),
    "attended": ("People referred who came", "people"),
    "referred_new_clients": ("People referred who were new to the service", "people"),
    "issues": ("Issues that people brought", "count"),
}


def referral_figures(
    table: CouncilTable, *, authority: str
) -> tuple[pd.DataFrame, Papers, dict[str, str], list[str]]:
    """Figures of referrals, for all and by practice or network, over the whole period.

    Returns
    -------
    tuple
        Figures (all under the district: ``group`` is the code of the practice or network, never an
        area), papers, code -> name, sentences. Shares have the people referred as their base, issues and
        pounds the people who came. Pounds are those confirmed.
    """
    frame = table.frame
    names = dict(zip(frame["organisation_code"], frame["organisation_name"], strict=True))
    sums = frame.groupby("organisation_code")[list(REFERRALS)].sum(min_count=1)
    confirmed = frame["gains_pounds"].where(frame["gains_status"] == "confirmed")
    sums["gains"] = confirmed.groupby(frame["organisation_code"]).sum(min_count=1)
    notes = []
    left = int((frame["gains_pounds"].notna() & (frame["gains_status"] != "confirmed")).sum())
    if left:
        notes.append(f"Referrals: gains of {left} rows are not confirmed and are not counted")
    total = sums.sum(min_count=1).to_frame().T.set_axis([ALL])
    both = pd.concat([total, sums])
    hide = _hide_organisations(sums)
    hide.loc[ALL] = small(both.loc[[ALL], "referrals"]).iloc[0] | small(both.loc[[ALL], "attended"]).iloc[0]
    parts = []
    period, source = table.source.period, table.source.id
    for code, row in both.iterrows():
        common = {"geography": "lad25", "group": str(code), "period": period, "source": source}
        mask = pd.Series({authority: bool(hide[str(code)])})
        for name, (_, unit) in REFERRALS.items():
            parts.append(
                make_figures(
                    pd.Series({authority: row[name]}), indicator=_name(name), unit=unit,
                    hidden=mask, **common,
                )
            )  # fmt: skip
        for name, count in (("attended_share", "attended"), ("new_share", "referred_new_clients")):
            parts.append(_share(f"referrals_{name}", row[count], row["referrals"], mask, authority, common))
        parts += _per_attender(row, mask, authority, common)
    papers = {_name(name): paper(label, unit) for name, (label, unit) in REFERRALS.items()}
    papers |= {
        "referrals_attended_share": paper(
            "Came, of those referred", "share", measure="rate", base="referrals"
        ),
        "referrals_new_share": paper(
            "New to the service, of those referred", "share", measure="rate", base="referrals"
        ),
        "referrals_issues_per_attender": paper(
            "Issues for each person who came", "issues for each", measure="rate", base="referrals_attended"
        ),
        "referrals_gains": paper("Financial gains confirmed", "GBP"),
        "referrals_gains_per_attender": paper(
            "Financial gains confirmed for each person who came",
            "GBP",
            measure="rate",
            base="referrals_attended",
        ),
    }
    return tidy_figures(parts), papers, names, notes


def _name(column: str) -> str:
    known = {"referrals": "referrals", "referred_new_clients": "referrals_new"}
    return known.get(column, f"referrals_{column}")


def _hide_organisations(sums: pd.DataFrame) -> pd.Series[bool]:
    # One organisation is shown whole or not at all: five counts of it bound one another.
    hide = pd.Series(False, index=sums.index)
    for name in ("referrals", "attended", "referred_new_clients"):
        if sums[name].notna().any():
            bases = sums["referrals"] if name != "referrals" else None
            hide |= hide_small(sums[name], bases=bases)
    return hide


def _share(
    indicator: str,
    count: float,
    base: float,
    mask: pd.Series[bool],
    authority: str,
    common: Mapping[str, str],
) -> pd.DataFrame:
    known = np.isfinite(count) and np.isfinite(base) and base > 0
    low, high = wilson(count, base) if known else (np.nan, np.nan)
    return make_figures(
        pd.Series({authority: count / base if known else np.nan}), indicator=indicator, unit="share",
        count=float(count), base=float("nan") if mask.iloc[0] else float(base), low=float(low),
        high=float(high), interval=name_interval("Wilson", 0.95), hidden=mask, geography=common["geography"],
        group=common["group"], period=common["period"], source=common["source"],
    )  # fmt: skip


def _per_attender(
    row: pd.Series[float], mask: pd.Series[bool], authority: str, common: Mapping[str, str]
) -> list[pd.DataFrame]:
    came = float(row["attended"])
    base = float("nan") if mask.iloc[0] else came
    plan = (
        (
            "referrals_issues_per_attender",
            float(row["issues"]) / came if came > 0 else np.nan,
            "issues for each",
        ),
        ("referrals_gains", float(row["gains"]), "GBP"),
        ("referrals_gains_per_attender", float(row["gains"]) / came if came > 0 else np.nan, "GBP"),
    )
    return [
        make_figures(
            pd.Series({authority: value}), indicator=name, unit=unit, base=base, hidden=mask,
            geography=common["geography"], group=common["group"], period=common["period"],
            source=common["source"],
        )
        for name, value, unit in plan
    ]  # fmt: skip


def survey_figures(
    table: CouncilTable, *, authority: str
) -> tuple[pd.DataFrame, Papers, dict[str, str], list[str]]:
    """Figures of a survey: shares of those who answered, by estate and over the estates shown.

    Returns
    -------
    tuple
        Figures (under the district: ``group`` is the estate), papers, estate -> LSOA, sentences. Estates
        with fewer than `FEWEST_REPLIES` replies are suppressed whole and left out of the total, so that
        they cannot be found by subtraction. An interval is given for a random sample only.
    """
    frame = table.frame
    replies = frame.groupby("estate")["base"].max()
    few = replies.index[replies < FEWEST_REPLIES]
    where = {str(one): str(code) for one, code in zip(frame["estate"], frame["LSOA21CD"], strict=True)}
    parts: list[pd.DataFrame] = []
    papers: Papers = {}
    yes = frame[((frame["answer_kind"] == "yes_no") & (frame["answer"] == "yes"))]
    themes = frame[frame["answer_kind"] == "coded_theme"]
    for rows in (yes, themes):
        for (question, answer), asked in rows.groupby(["question", "answer"], sort=True):
            indicator = f"survey_{question}" if answer == "yes" else f"survey_{question}_{answer}"
            words = str(question).replace("_", " ")
            label = f"{words.capitalize()}: yes" if answer == "yes" else f"{words.capitalize()}: {answer}"
            papers[indicator] = paper(label.replace("_", " "), "share", measure="rate", base="replies")
            parts += _answers(asked, indicator, few, authority, table)
    shown, invited = replies[replies >= FEWEST_REPLIES], frame.groupby("estate")["invited"].max()
    source, period = table.source.id, table.source.period
    for estate, number in [(ALL, float(shown.sum())), *shown.items()]:
        asked_there = float(invited.reindex(shown.index).sum()) if estate == ALL else float(invited[estate])
        parts.append(
            make_figures(
                pd.Series({authority: float(number)}), indicator="survey_replies", geography="lad25",
                group=str(estate), period=period, unit="replies", basis="survey", source=source,
                base=asked_there,
            )
        )  # fmt: skip
    papers["survey_replies"] = paper("People who replied", "replies", base="people invited")
    notes = [
        (
            f"Survey: {int(replies.sum())} replies on {len(replies)} estates; {len(few)} estates with fewer "
            f"than {FEWEST_REPLIES} replies are not shown and are left out of the totals"
        )
    ]
    if not (frame["sample"] == "random").all():
        notes.append(
            "Survey: people chose to answer, so the shares are of those who did and have no interval"
        )
    return (tidy_figures(parts) if parts else empty_figures()), papers, where, notes


def _answers(
    asked: pd.DataFrame, indicator: str, few: pd.Index[str], authority: str, table: CouncilTable
) -> list[pd.DataFrame]:
    random = bool((asked["sample"] == "random").all())
    shown = asked[~asked["estate"].isin(few)]
    sums = shown.groupby("estate")[["count", "base"]].sum()
    hide = hide_small(sums["count"], bases=sums["base"])
    rows = [(ALL, float(sums["count"].sum()), float(sums["base"].sum()), False)]
    rows += [
        (str(one), float(row["count"]), float(row["base"]), bool(hide[one])) for one, row in sums.iterrows()
    ]
    parts = []
    for estate, count, base, hidden in rows:
        low, high = wilson(count, base) if random and base > 0 else (np.nan, np.nan)
        parts.append(
            make_figures(
                pd.Series({authority: count / base if base > 0 else np.nan}), indicator=indicator,
                geography="lad25", group=estate, period=table.source.period, unit="share", basis="survey",
                source=table.source.id, count=count, base=base, low=float(low), high=float(high),
                interval=name_interval("Wilson", 0.95), hidden=pd.Series({authority: hidden}),
            )
        )  # fmt: skip
    for estate in few.intersection(asked["estate"]):
        parts.append(
            make_figures(
                pd.Series({authority: 0.0}), indicator=indicator, geography="lad25", group=str(estate),
                period=table.source.period, unit="share", basis="survey", source=table.source.id,
                hidden=pd.Series({authority: True}),
            )
        )  # fmt: skip
    return parts


def minder_figures(
    frame: pd.DataFrame, *, codes: pd.Index[str], authority: str, period: str, source: str
) -> tuple[pd.DataFrame, Papers]:
    """Count childminders and their places by ward, and for the authority.

    Parameters
    ----------
    frame
        With ``wd25`` and ``places``.
    codes
        Wards.
    """
    here = frame[frame["wd25"] != ""]
    counts = here.groupby("wd25").size().reindex(codes, fill_value=0).astype(float)
    places = here.groupby("wd25")["places"].sum().reindex(codes, fill_value=0).astype(float)
    hide = hide_small(counts)
    total = pd.Series({authority: float(len(here))})
    offered = pd.Series({authority: float(here["places"].sum())})
    gone = small(total)
    parts = [
        _row(counts, "childminders", "wd25", ALL, period, "count", source, hide),
        _row(places, "childminder_places", "wd25", ALL, period, "count", source, hide),
        _row(total, "childminders", "lad25", ALL, period, "count", source, gone),
        _row(offered, "childminder_places", "lad25", ALL, period, "count", source, gone),
    ]
    papers = {
        "childminders": paper("Childminders", "count"),
        "childminder_places": paper("Places with childminders", "count"),
    }
    return tidy_figures(parts), papers

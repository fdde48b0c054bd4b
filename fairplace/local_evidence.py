"""Figures from a council's events, referrals, surveys and services: each with its own unit and base.

Sessions, people referred and people who came are three counts, and are never added. A practice or a
network is a list of patients, not an area: its numbers stand under the district, by name. People who
chose to answer are not a sample, and get no interval. Nothing is hidden here: `fairplace.disclosure`
hides small numbers, and what would give them away, in every figure that is shown.
"""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from fairplace.disclosure_policy import LAYERS
from fairplace.local_figures import make_figures, paper
from fairplace.statistics_intervals import name_interval, wilson
from geo.boundaries import Boundaries
from geo.figures import empty_figures, tidy_figures
from geo.points import index_areas, place
from layers.council.reader import CouncilTable

Papers = dict[str, dict[str, str]]
#: Estates with fewer replies than this are not shown.
FEWEST_REPLIES = LAYERS["survey"].smallest_base
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
        if "jobs" in services and services["jobs"].notna().any():
            jobs = services["jobs"].fillna(0.0).groupby(codes).sum()
            parts.append(
                make_figures(
                    jobs.reindex(boundaries[key].codes, fill_value=0.0), indicator="services_jobs",
                    geography=key, period=period, unit="count", source=source,
                )
            )  # fmt: skip
    papers = {
        "services": paper("Services and settings open to the public", "count"),
        "services_jobs": paper("Jobs at anchor institutions", "count"),
    }
    return tidy_figures(parts), papers


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
    for name in ("people", "attendances"):
        these = held[unit == name]
        if these.empty:
            continue
        came = these["attendance"].fillna(0.0)
        by_ward = came.groupby(wards[these.index]).sum().reindex(boundaries["wd25"].codes)
        by_kind = came.groupby(these["kind"]).sum()
        parts.append(_row(by_ward, f"event_{name}", "wd25", ALL, period, name, source))
        total = pd.Series({authority: float(came.sum())})
        parts.append(_row(total, f"event_{name}", "lad25", ALL, period, name, source))
        if name == "attendances" and these["unique_people"].notna().any():
            different = pd.Series({authority: float(these["unique_people"].sum())})
            base = float(came[these["unique_people"].notna()].sum())
            parts.append(
                _row(different, "event_different_people", "lad25", ALL, period, "people", source, base)
            )
        for kind, number in by_kind.items():
            one = pd.Series({authority: float(number)})
            parts.append(_row(one, f"event_{name}", "lad25", str(kind), period, name, source))
        if fifths is not None:
            lsoas = code_points(these, boundaries["lsoa21"])
            for fifth, number in came.groupby(lsoas.map(fifths)).sum().items():
                one = pd.Series({authority: float(number)})
                group = f"{int(float(str(fifth)))}"
                parts.append(_row(one, f"event_{name}_by_fifth", "lad25", group, period, name, source))
    papers = {
        "events": paper("Events and pop-ups held", "count"),
        "event_people": paper("People seen at events", "people"),
        "event_attendances": paper("Attendances at events (one person may come twice)", "attendances"),
        "event_different_people": paper("Different people among the attendances", "people"),
        "event_people_by_fifth": paper(
            "People seen at events, by national fifth of deprivation of the place of the event",
            "people",
            direction="1 = most deprived",
        ),
        "event_attendances_by_fifth": paper(
            "Attendances, by national fifth of deprivation of the place of the event",
            "attendances",
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
            parts.append(_row(counts, "local_incidents", key, kind, period, "incidents", source))
    return tidy_figures(parts), {"local_incidents": paper("Incidents in the council's own file", "incidents")}


def _row(
    values: pd.Series[float],
    indicator: str,
    geography: str,
    group: str,
    period: str,
    unit: str,
    source: str,
    base: float = float("nan"),
) -> pd.DataFrame:
    return make_figures(
        values, indicator=indicator, geography=geography, group=group, period=period, unit=unit,
        source=source, base=base,
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
    parts = []
    period, source = table.source.period, table.source.id
    for code, row in both.iterrows():
        common = {"geography": "lad25", "group": str(code), "period": period, "source": source}
        for name, (_, unit) in REFERRALS.items():
            parts.append(
                make_figures(pd.Series({authority: row[name]}), indicator=_name(name), unit=unit, **common)
            )
        for name, count in (("attended_share", "attended"), ("new_share", "referred_new_clients")):
            parts.append(_share(f"referrals_{name}", row[count], row["referrals"], authority, common))
        parts += _per_attender(row, authority, common)
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


def _share(
    indicator: str, count: float, base: float, authority: str, common: Mapping[str, str]
) -> pd.DataFrame:
    known = np.isfinite(count) and np.isfinite(base) and base > 0
    low, high = wilson(count, base) if known else (np.nan, np.nan)
    return make_figures(
        pd.Series({authority: count / base if known else np.nan}), indicator=indicator, unit="share",
        count=float(count), base=float(base), low=float(low), high=float(high),
        interval=name_interval("Wilson", 0.95), geography=common["geography"], group=common["group"],
        period=common["period"], source=common["source"],
    )  # fmt: skip


def _per_attender(row: pd.Series[float], authority: str, common: Mapping[str, str]) -> list[pd.DataFrame]:
    came = float(row["attended"])
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
            pd.Series({authority: value}), indicator=name, unit=unit, base=came,
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
    rows = [(ALL, float(sums["count"].sum()), float(sums["base"].sum()))]
    rows += [(str(one), float(row["count"]), float(row["base"])) for one, row in sums.iterrows()]
    parts = []
    for estate, count, base in rows:
        low, high = wilson(count, base) if random and base > 0 else (np.nan, np.nan)
        parts.append(
            make_figures(
                pd.Series({authority: count / base if base > 0 else np.nan}), indicator=indicator,
                geography="lad25", group=estate, period=table.source.period, unit="share", basis="survey",
                source=table.source.id, count=count, base=base, low=float(low), high=float(high),
                interval=name_interval("Wilson", 0.95),
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
    total = pd.Series({authority: float(len(here))})
    offered = pd.Series({authority: float(here["places"].sum())})
    parts = [
        _row(counts, "childminders", "wd25", ALL, period, "people", source),
        _row(places, "childminder_places", "wd25", ALL, period, "count", source),
        _row(total, "childminders", "lad25", ALL, period, "people", source),
        _row(offered, "childminder_places", "lad25", ALL, period, "count", source),
    ]
    papers = {
        "childminders": paper("Childminders", "people"),
        "childminder_places": paper("Places with childminders", "count"),
    }
    return tidy_figures(parts), papers

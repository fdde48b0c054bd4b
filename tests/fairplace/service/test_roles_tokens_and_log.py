"""Tokens end when they should, settings open nothing by accident, and every look is written down."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from fairplace.cli import main
from fairplace.disclosure import release
from fairplace.pack import Pack
from fairplace.service.audit import REFUSALS, Audit, AuditError
from fairplace.service.problems import UnknownViewerError
from fairplace.service.settings import ServiceSettingsError, read_secret, read_service_settings, session_key
from fairplace.service.tokens import TokenError, Tokens, make_token, read_tokens, revoke_token
from fairplace.service.viewer import Viewer

HERE = "E06999001"
PACK = "/packs/halverton"
OFFICER = Viewer("A. Officer", "officer", frozenset({HERE}), "token")
GOOD = """
[dpia]
reference = "DPIA-1"
date = 2026-09-01
approver = "DPO"
[officers]
authorities = ["E06999001"]
[audit]
file = "audit.jsonl"
[tokens]
file = "tokens.json"
"""


def _settings(folder: Path, text: str) -> Path:
    path = folder / "serve.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_officer_data_stay_off_until_the_assessment_is_named(tmp_path: Path) -> None:
    assert read_service_settings(_settings(tmp_path, GOOD)).assessment == "DPIA-1, 2026-09-01, DPO"
    for gone in ('reference = "DPIA-1"', "date = 2026-09-01", 'approver = "DPO"'):
        with pytest.raises(ServiceSettingsError, match="stay off until"):
            read_service_settings(_settings(tmp_path, GOOD.replace(gone, "")))
    with pytest.raises(ServiceSettingsError, match=r"dpia.reference is blank"):
        read_service_settings(_settings(tmp_path, GOOD.replace('"DPIA-1"', '" "')))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2026-09-01", '"soon"', "it is a date"),
        ('["E06999001"]', "[]", "officers.authorities"),
        ('["E06999001"]', '["Luton"]', '"Luton" is no code'),
        ('[audit]\nfile = "audit.jsonl"', "", "audit.file is missing"),
        ("[tokens]", "[tokens]\nlifetime = 3", "tokens.lifetime"),
        ("[tokens]", "[cookies]", "has cookies"),
        ("[tokens]", '[uploads]\nmegabytes = 5000\n[tokens]', "1 to 1,000"),
        ("[tokens]", '[restricted]\nE06000032 = "x"\n[tokens]', "not among officers.authorities"),
        ("[tokens]", '[oidc]\nissuer = "http://login.example"\nclient = "c"\n[tokens]', "begins with https"),
        ("[tokens]", '[oidc]\nissuer = "https://login.example"\nclient = "c"\n[tokens]', "oidc.officer is missing"),
        (
            "[tokens]",
            '[oidc]\nissuer = "https://login.example"\nclient = "c"\nofficer = ["o"]\n[tokens]',
            "address is missing",
        ),
        ("[dpia]", "[dpia", "cannot be read"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_followed_are_one_sentence(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(ServiceSettingsError, match=said):
        read_service_settings(_settings(tmp_path, GOOD.replace(old, new)))


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("x", encoding="utf-8")
    path.chmod(0o644)
    if os.name == "posix":
        with pytest.raises(ServiceSettingsError, match="chmod 600"):
            read_secret(path)
    key = session_key(tmp_path / "session.key")
    assert len(key) == 64
    assert session_key(tmp_path / "session.key") == key
    assert (tmp_path / "session.key").stat().st_mode & 0o077 == 0 or os.name != "posix"


def test_a_token_is_good_from_its_making_to_its_end_and_never_after(tmp_path: Path) -> None:
    path, now = tmp_path / "tokens.json", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made, text = make_token(path, name="A. Officer", role="officer", authorities=[HERE], days=10, now=now)
    tokens = Tokens(path)
    assert tokens.viewer(text, now=now) == replace(OFFICER, id=made.id)
    last = now + dt.timedelta(days=10, seconds=-1)
    assert tokens.viewer(text, now=last) == replace(OFFICER, id=made.id)
    with pytest.raises(UnknownViewerError, match="has ended"):
        tokens.viewer(text, now=now + dt.timedelta(days=10))
    revoke_token(path, "A. Officer", now=now)
    with pytest.raises(UnknownViewerError, match="has ended"):
        tokens.viewer(text, now=now)
    assert text.split("_", 2)[2] not in path.read_text(encoding="utf-8")
    assert made.hash in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o077 == 0 or os.name != "posix"


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"), lambda t: t + "A",
                                    lambda t: t.upper(), lambda t: "fp_" + "0" * 8 + t[11:], lambda t: "", lambda t: "fp_../../etc_x"])  # fmt: skip
def test_a_token_that_is_not_letter_for_letter_ours_is_none(tmp_path: Path, change) -> None:
    path = tmp_path / "tokens.json"
    _, text = make_token(path, name="A", role="officer", authorities=[HERE])
    with pytest.raises(UnknownViewerError, match="none of ours"):
        Tokens(path).viewer(change(text))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": " "}, "0 letters"), ({"name": "a\u202eb"}, "letters"), ({"role": "public"}, "needs no token"),
        ({"authorities": []}, "code of a district"), ({"authorities": ["Luton"]}, "Luton"),
        ({"days": 0}, "1 to 366"), ({"days": 4000}, "1 to 366"),
    ],
)  # fmt: skip
def test_a_token_for_nobody_or_for_ever_is_not_made(tmp_path: Path, change: dict, said: str) -> None:
    asked = {"name": "A", "role": "officer", "authorities": [HERE], "days": 5, **change}
    with pytest.raises(TokenError, match=said):
        make_token(tmp_path / "tokens.json", **asked)
    assert not (tmp_path / "tokens.json").exists()


def test_tokens_made_at_once_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    jobs = [
        threading.Thread(target=make_token, args=(path,), kwargs={"name": f"n{n}", "role": "officer", "authorities": [HERE]})
        for n in range(12)
    ]  # fmt: skip
    for one in jobs:
        one.start()
    for one in jobs:
        one.join()
    assert sorted(one.name for one in read_tokens(path)) == sorted(f"n{n}" for n in range(12))


def test_the_command_makes_lists_and_ends_tokens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(_settings(tmp_path, GOOD))
    new = ["token", "new", "--settings", path, "--name", "Dashboard", "--authority", HERE]
    assert main(new) == 0
    text = capsys.readouterr().out.splitlines()[0]
    assert Tokens(tmp_path / "tokens.json").viewer(text).name == "Dashboard"
    assert main(["token", "revoke", "Dashboard", "--settings", path]) == 0
    assert main(["token", "list", "--settings", path]) == 0
    listed = capsys.readouterr().out
    assert "revoked" in listed
    assert text.split("_", 2)[2] not in listed
    assert main([*new[:-1], "E06000032"]) == 2
    assert "opens E06999001" in capsys.readouterr().err
    assert main(["token", "revoke", "Nobody", "--settings", path]) == 2


def test_what_officers_are_shown_is_the_officer_release_of_their_own_authority(
    doors, sample_pack: Pack
) -> None:
    def shown(who: str) -> list[tuple[str, ...]]:
        rows, start = [], 0
        while True:
            page = doors.get(f"{PACK}/figures?limit=10000&offset={start}", who).json()
            rows += page["figures"]
            start += 10_000
            if start >= page["numberMatched"]:
                return rows

    for who, edition in (("public", "public"), ("elsewhere", "public"), ("officer", "officer")):
        released = release(sample_pack, edition).figures
        got = shown(who)
        assert [one["value"] for one in got] == [None if v != v else v for v in released["value"]]
        assert [one["indicator"] for one in got] == released["indicator"].tolist()
        assert all(one["value"] is None for one in got if one["status"] == "suppressed")
    hidden = release(sample_pack, "officer").figures["status"].eq("suppressed").sum()
    assert hidden > 0, "the officer edition of the sample hides small numbers too"


def test_restricted_layers_are_there_for_the_restricted_role_alone(doors) -> None:
    def held(who: str) -> set[str]:
        listed = doors.get("/collections", who).json()["collections"]
        return {one["id"] for one in listed}

    extra = {
        "halverton-restricted-epc",
        "halverton-restricted-homes",
        "halverton-restricted-refuges",
        "halverton-restricted-childminders",
    }
    assert held("restricted") - held("officer") == extra
    assert held("officer") >= held("public")
    for name in sorted(extra):
        assert doors.get(f"/collections/{name}/items", "restricted").json()["numberMatched"] > 0
        for who in ("public", "officer", "elsewhere"):
            got = doors.get(f"/collections/{name}/items", who)
            assert got.status_code == 404
            assert (
                got.json()["detail"] == f'there is no collection "{name}"; /collections lists those there are'
            )


def test_restricted_layers_end_with_their_papers(doors) -> None:
    holdings = doors.app.state.holdings
    viewer = Viewer("R", "restricted", frozenset({HERE}), "token")
    assert holdings.roles(viewer) == {"halverton": "restricted"}
    ended = type(holdings)(holdings.public, holdings.more, {"halverton": dt.date(2020, 1, 1)})
    assert ended.roles(viewer) == {"halverton": "officer"}


def test_a_store_that_is_not_the_packs_own_is_not_opened(
    sample_pack: Pack, sample_data: Path, tmp_path: Path
) -> None:
    import shutil

    from fairplace.service.holding import hold
    from fairplace.service.homes import StoreError

    store = tmp_path / "restricted"
    shutil.copytree(sample_data / "restricted", store)
    with (store / "refuges" / "refuges.csv").open("a", encoding="utf-8") as file:
        file.write("R9,Another,HV1 1AA,540000,258000,1\n")
    with pytest.raises(StoreError, match=r"refuges\.csv is not the table"):
        hold([sample_pack.path], officer_authorities=[HERE], stores={HERE: store})


def test_every_look_is_written_down_and_says_nothing_of_homes(doors) -> None:
    home = "999900000031"
    before = len(doors.lines())
    doors.get(f"{PACK}/profile/E06999001", "officer")
    doors.get(f"/collections/halverton-restricted-homes/items?uprn={home}", "restricted")
    doors.get(f"/collections/halverton-restricted-homes/items/{home}", "restricted")
    doors.get(f"{PACK}/search?q=HV1+1AD", "officer")
    doors.get(f"{PACK}/figures")
    lines = doors.lines()[before:]
    assert [(one["event"], one["who"], one["route"], one.get("layer"), one["edition"]) for one in lines] == [
        ("shown", "Officer", "/packs/{pack}/profile/{area}", None, "officer"),
        ("shown", "Restricted", "/collections/{collection}/items", "halverton-restricted-homes", "restricted"),
        ("shown", "Restricted", "/collections/{collection}/items/{feature}", "halverton-restricted-homes", "restricted"),
        ("shown", "Officer", "/packs/{pack}/search", None, "officer"),
    ]  # fmt: skip
    text = json.dumps(lines)
    assert home not in text
    assert "HV1" not in text
    assert all(dt.datetime.fromisoformat(str(one["time"])).tzinfo is not None for one in lines)
    assert all(one["pack"] == "halverton" for one in lines)


@pytest.mark.parametrize("who", ["expired", "revoked", "unknown"])
def test_a_token_that_does_not_hold_is_refused_and_written_down(doors, who: str) -> None:
    before = len(doors.lines())
    got = doors.get(PACK, who)
    assert (got.status_code, got.headers["www-authenticate"]) == (401, "Bearer")
    assert got.headers["cache-control"] == "private, no-store"
    assert doors.tokens[who] not in got.text
    [line] = doors.lines()[before:]
    assert (line["event"], line["status"]) == ("refused", 401)
    assert doors.tokens[who] not in json.dumps(line)


@pytest.mark.parametrize(
    "header", ["Basic Zm86YmFy", "Bearer", "Bearer  ", "bearer a b c", "x", "Bearer " + "é" * 5]
)
def test_any_other_authorization_is_refused_with_a_sentence(doors, header: str) -> None:
    got = doors.caller.get(PACK, headers={"authorization": header.encode("latin-1")})
    assert got.status_code == 401
    assert "Bearer TOKEN" in got.json()["detail"] or "JWT" in got.json()["detail"]


def test_what_was_shown_to_somebody_is_kept_by_nobody(doors) -> None:
    for who in ("officer", "restricted", "elsewhere", "expired"):
        got = doors.get(PACK, who)
        assert got.headers.get_list("cache-control") == ["private, no-store"]
        assert "access-control-allow-origin" not in got.headers
    got = doors.get(PACK)
    assert got.headers["cache-control"].startswith("public, max-age=")
    assert got.headers["access-control-allow-origin"] == "*"
    for who in ("public", "officer"):
        vary = {one.strip() for one in ",".join(doors.get(PACK, who).headers.get_list("vary")).split(",")}
        assert vary >= {"Accept", "Authorization", "Cookie"}
    assert doors.get("/packs/nowhere").headers["cache-control"] == "no-store"
    assert doors.get("/me", "officer").json()["role"] == "officer"


def test_every_answer_carries_the_headers_that_keep_browsers_safe(doors) -> None:
    for address, who in (
        (PACK, "public"),
        (f"{PACK}/map", "officer"),
        ("/nowhere", "public"),
        (PACK, "expired"),
    ):
        got = doors.get(address, who)
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["x-frame-options"] == "DENY"
        assert got.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in got.headers["content-security-policy"]


def test_no_header_that_a_caller_writes_moves_anybody(doors) -> None:
    for name, value in (
        ("x-forwarded-user", "Officer"), ("x-remote-user", "Officer"), ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "evil.example"), ("forwarded", "for=127.0.0.1;host=evil.example"), ("x-original-url", "/packs"),
        ("fairplace.viewer", "Officer"), ("x-forwarded-proto", "javascript"), ("x-http-method-override", "DELETE"),
    ):  # fmt: skip
        got = doors.get("/packs", headers={name: value})
        assert got.status_code == 200
        assert '"officer"' not in got.text
        assert "evil.example" not in doors.get("/", headers={name: value}).text


def test_a_line_is_one_record_whatever_a_name_holds(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit.jsonl")
    names = ['"}\n{"event": "shown"', "a\r\nb", "\u2028\u2029\x00\x1b[2J", "é" * 400, "</script>"]
    for name in names:
        audit.write(
            "shown", Viewer(name, "officer", frozenset({HERE}), "session"), route="/packs", status=200
        )
    raw = (tmp_path / "audit.jsonl").read_bytes()
    assert raw.isascii()
    assert raw.count(b"\n") == len(names)
    assert b"\r" not in raw
    assert b"\x1b" not in raw
    assert [json.loads(line)["who"] for line in raw.splitlines()] == [name[:160] for name in names]


def test_lines_of_several_processes_stand_whole_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    code = (
        "import sys; from pathlib import Path; from fairplace.service.audit import Audit;"
        "from fairplace.service.viewer import Viewer; a = Audit(Path(sys.argv[1]));"
        "[a.write('shown', Viewer('x' * 100, 'officer'), route='/packs', status=200) for _ in range(60)]"
    )
    jobs = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(3)]
    assert [one.wait(120) for one in jobs] == [0, 0, 0]
    assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == ["shown"] * 180


def test_a_line_cut_off_by_a_crash_spoils_no_other_and_rotation_is_a_rename(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b'{"time": "2026-')
    audit = Audit(path)
    audit.write("shown", OFFICER, route="/packs", status=200)
    assert json.loads(path.read_bytes().splitlines()[1])["who"] == "A. Officer"
    path.rename(tmp_path / "audit.jsonl.1")
    audit.write("shown", OFFICER, route="/packs", status=200)
    assert len(path.read_bytes().splitlines()) == 1
    assert path.stat().st_mode & 0o077 == 0 or os.name != "posix"


def test_a_stranger_cannot_fill_the_disk_and_what_is_left_out_is_counted(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit.jsonl")
    for _ in range(REFUSALS + 40):
        audit.write("refused", status=401)
    lines = (tmp_path / "audit.jsonl").read_text().splitlines()
    assert len(lines) == REFUSALS
    audit.write("refused", OFFICER, status=403)
    audit._minute -= 61
    audit.write("refused", status=401)
    last = [json.loads(one) for one in (tmp_path / "audit.jsonl").read_text().splitlines()[-2:]]
    assert last[0]["who"] == "A. Officer"
    assert last[1]["refusals_left_out"] == 40


def test_what_cannot_be_written_down_is_not_shown(doors, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*rest: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    got = doors.get(f"{PACK}/figures", "officer")
    assert got.status_code == 503
    assert "the audit log cannot be written" in got.json()["detail"]
    assert "figures" not in got.json()
    assert doors.get(f"{PACK}/figures").status_code == 200
    with pytest.raises(AuditError, match="No space left"):
        Audit(doors.folder / "other.jsonl").write("shown", OFFICER)


def test_the_public_service_stands_alone_and_knows_no_roles(caller, doors) -> None:
    for address in (PACK, f"{PACK}/figures", "/collections"):
        alone = caller.get(address, headers={"authorization": f"Bearer {doors.tokens['officer']}"})
        told = doors.get(address).content.replace(b"http://127.0.0.1:8000", b"http://service")
        assert alone.content == caller.get(address).content == told
    assert caller.get("/me").status_code == 404
    assert caller.get("/sign-in").status_code == 404


def test_two_of_one_name_are_told_apart_in_the_log_and_in_uploads(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    made = [make_token(path, name="Dashboard", role="officer", authorities=[HERE]) for _ in range(2)]
    viewers = [Tokens(path).viewer(text) for _, text in made]
    assert [one.name for one in viewers] == ["Dashboard", "Dashboard"]
    assert [one.id for one in viewers] == [token.id for token, _ in made]
    log = Audit(tmp_path / "audit.jsonl")
    long = "https://login.halverton.example/realms/one " + "s" * 255
    for one in (*viewers, Viewer("Dashboard", "officer", frozenset({HERE}), "session", long)):
        log.write("shown", one, route="/packs", status=200)
    lines = [json.loads(line) for line in log.path.read_text(encoding="utf-8").splitlines()]
    assert [one["who"] for one in lines] == ["Dashboard"] * 3
    assert [one["id"] for one in lines] == [*(token.id for token, _ in made), long]


def test_a_damaged_file_of_tokens_is_our_fault_and_says_nothing_of_the_machine(
    doors, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = tmp_path / "tokens.json"
    damaged.write_text("[{]", encoding="utf-8")
    monkeypatch.setattr(doors.app.state.gate.tokens, "path", damaged)
    monkeypatch.setattr(doors.app.state.gate.tokens, "_seen", None)
    got = doors.get("/packs", "officer")
    assert got.status_code == 503
    assert tmp_path.name not in got.text
    assert "json" not in got.json()["detail"]
    assert str(damaged) in caplog.text
    # The public needs no token.
    assert doors.get("/packs").status_code == 200

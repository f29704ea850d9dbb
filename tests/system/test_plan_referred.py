"""A plan of many people through the real matching, referred to each of its providers once (R52)."""

import json
from pathlib import Path

from tests.house import ROOT, House

PLAN = str(ROOT / "demo" / "plan-tripoli.json")


def test_each_provider_of_a_plan_is_asked_once_for_its_part(house: House, tmp_path: Path) -> None:
    said = house.ihala("plan", PLAN, "--format", "json")
    assert said.exit_code == 0, said.err
    plan_file = tmp_path / "plan.json"
    plan_file.write_text(said.out, encoding="utf-8")
    assigned = said.document["assignments"]
    asked = {(each["provider_id"], each["code"]) for each in assigned}
    # those who are rung by hand: nobody's software is told of what no test reads
    rung = {each["provider_id"] for each in said.document["providers"] if each["reach_out"] != "enrolled"}
    chosen = sorted({provider_id for provider_id, _code in asked} & rung)
    named = [option for each in chosen for option in ("--provider", each)]
    consent = house.json(
        *("consent", "record", "--case-ref", "boat-1", "--given-by", "person", "--method", "spoken"),
        *("--plan", str(plan_file), *named),
    )

    made = house.json("refer-plan", str(plan_file), "--case-ref", "boat-1", "--consent", consent["consent_id"], *named)[
        "referrals"
    ]
    without = house.ihala("refer-plan", str(plan_file), "--case-ref", "boat-1", "--format", "json")

    expected = {(provider_id, code) for provider_id, code in asked if provider_id in chosen}
    assert len(made) == len(expected) > 0
    assert sorted({each["provider_id"] for each in made}) == chosen
    assert all(each["referral_id"] for each in made)
    for each in made:
        labels = {part["label"] for part in assigned if part["provider_id"] == each["provider_id"]}
        assert set(each["labels"]) <= labels
    tasks = house.json("tasks", "list", "--kind", "ring")["tasks"]
    assert {each["offer_id"] for each in made} <= {task["offer_id"] for task in tasks}
    assert (without.exit_code, without.error["reason"]) == (26, "CONSENT_MISSING")
    (tmp_path / "other.json").write_text(json.dumps({"needs": []}))
    wrong = house.ihala(
        "refer-plan", str(tmp_path / "other.json"), "--case-ref", "boat-1", "--consent", "x", "--format", "json"
    )
    assert wrong.exit_code == 12

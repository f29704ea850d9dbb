"""The description of the methods is that of the protos, and answers are as it says."""

import json
from typing import Any

from jsonschema import Draft202012Validator

from ihala.directory.v1.directory_pb2 import LocalizedText
from ihala.matching.v1 import matching_pb2 as match_pb
from scripts import document_http
from services.gateway.openapi import document
from services.gateway.wire import METHODS, to_json


def references(part: Any) -> set[str]:
    if isinstance(part, dict):
        own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
        return own.union(*map(references, part.values()))
    return set().union(*map(references, part)) if isinstance(part, list) else set()


def without_words(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: without_words(each) for key, each in part.items() if not isinstance(each, str) or key == "$ref"}
    return [without_words(each) for each in part] if isinstance(part, list) else part


def test_the_file_is_as_the_protos_have_it() -> None:
    written = json.loads(document_http.PAGE.read_text(encoding="utf-8"))

    assert without_words(written) == without_words(document()), "run `make docs`"


def test_every_method_is_described_with_the_comment_of_its_proto() -> None:
    paths = document()["paths"]

    assert list(paths) == list(METHODS)
    assert [path for path, item in paths.items() if not item["post"]["description"]] == []
    assert "nearest first" in paths["/ihala.matching.v1.MatchingService/FindMatches"]["post"]["description"]


def test_every_reference_leads_somewhere_and_every_field_has_its_comment() -> None:
    whole = document()
    targets = {f"#/components/{kind}/{name}" for kind, parts in whole["components"].items() for name in parts}
    ours = {name: each for name, each in whole["components"]["schemas"].items() if name.startswith("ihala.")}

    assert references(whole) - targets == set()
    assert [name for name, each in ours.items() if not each["description"]] == []
    assert [
        f"{name}.{field}"
        for name, each in ours.items()
        for field, schema in each.get("properties", {}).items()
        if not schema.get("description")
    ] == []


def test_an_answer_is_as_its_schema_says() -> None:
    whole = document()
    schema = {"$ref": "#/components/schemas/ihala.matching.v1.FindMatchesResponse", "components": whole["components"]}
    Draft202012Validator.check_schema(schema)
    answer = match_pb.FindMatchesResponse(
        needs=[
            match_pb.NeedMatches(
                code="HEA-SGV",
                matches=[match_pb.Match(provider_id="p", names=[LocalizedText(language="ar", text="دار")])],
            )
        ],
        directory_revision=2**53 + 1,
    )

    Draft202012Validator(schema).validate(json.loads(to_json(answer)))
    assert not Draft202012Validator(schema).is_valid({"directory_revision": 1})

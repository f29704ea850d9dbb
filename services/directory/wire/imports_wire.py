"""Imports on the wire: how one begins, and how far it is."""

from typing import Final

from ihala.directory.v1 import directory_service_pb2 as service_pb
from services.directory.model import Outcome, refuse
from services.directory.model.imports import (
    Changed,
    Counts,
    Fault,
    ImportHeader,
    Notice,
    OnDuplicate,
    Progress,
    Rejected,
    Remark,
)

_ON_DUPLICATE: Final = {
    OnDuplicate.FIRST: service_pb.ON_DUPLICATE_FIRST,
    OnDuplicate.LAST: service_pb.ON_DUPLICATE_LAST,
    OnDuplicate.REJECT: service_pb.ON_DUPLICATE_REJECT,
}
_ON_DUPLICATE_READ: Final = {number: word for word, number in _ON_DUPLICATE.items()}

_OUTCOME: Final = {
    Outcome.CREATED: service_pb.IMPORT_OUTCOME_CREATED,
    Outcome.UPDATED: service_pb.IMPORT_OUTCOME_UPDATED,
    Outcome.ARCHIVED: service_pb.IMPORT_OUTCOME_ARCHIVED,
}
_OUTCOME_READ: Final = {number: outcome for outcome, number in _OUTCOME.items()}

Request = service_pb.ImportProvidersRequest


def header_to_wire(header: ImportHeader) -> Request:
    return Request(
        header=service_pb.ImportHeader(
            dataset=header.dataset,
            digest=header.digest,
            on_duplicate=_ON_DUPLICATE[header.on_duplicate],
            dry_run=header.dry_run,
            complete=header.complete,
            allow_large_archive=header.allow_large_archive,
            translated_texts=header.translated,
            compared_facts=header.compared,
        )
    )


def header_from_wire(request: Request | None) -> ImportHeader:
    """Read the first message of an import."""
    if request is None or request.WhichOneof("part") != "header":
        raise refuse("header", "must come first")
    header = request.header
    if header.on_duplicate not in _ON_DUPLICATE_READ:
        raise refuse("header.on_duplicate", "must be given")
    return ImportHeader(
        dataset=header.dataset,
        digest=header.digest,
        on_duplicate=_ON_DUPLICATE_READ[header.on_duplicate],
        dry_run=header.dry_run,
        complete=header.complete,
        allow_large_archive=header.allow_large_archive,
        translated=tuple(header.translated_texts),
        compared=tuple(header.compared_facts),
    )


def progress_to_wire(progress: Progress) -> service_pb.ImportProvidersResponse:
    counts = progress.counts
    return service_pb.ImportProvidersResponse(
        run_id=progress.run_id,
        resume_after_row=progress.resume_after_row,
        read_count=counts.read,
        created_count=counts.created,
        updated_count=counts.updated,
        unchanged_count=counts.unchanged,
        archived_count=counts.archived,
        duplicate_count=counts.duplicates,
        rejected_count=counts.rejected,
        rejected=map(rejected_to_wire, progress.rejected),
        notices=map(remark_to_wire, progress.remarks),
        changes=map(_changed_to_wire, progress.changes),
        done=progress.done,
    )


def progress_from_wire(answer: service_pb.ImportProvidersResponse) -> Progress:
    return Progress(
        run_id=answer.run_id,
        resume_after_row=answer.resume_after_row,
        counts=Counts(
            read=answer.read_count,
            created=answer.created_count,
            updated=answer.updated_count,
            unchanged=answer.unchanged_count,
            archived=answer.archived_count,
            duplicates=answer.duplicate_count,
            rejected=answer.rejected_count,
        ),
        rejected=tuple(
            Rejected(each.row_number, Fault(each.field, each.rule), each.source_key, each.record_kept)
            for each in answer.rejected
        ),
        remarks=tuple(Remark(each.row_number, Notice(each.field, each.code)) for each in answer.notices),
        changes=tuple(map(_changed_from_wire, answer.changes)),
        done=answer.done,
    )


def rejected_to_wire(rejected: Rejected) -> service_pb.RejectedRow:
    return service_pb.RejectedRow(
        row_number=rejected.row_number,
        field=rejected.fault.field,
        rule=rejected.fault.rule,
        source_key=rejected.source_key,
        record_kept=rejected.record_kept,
    )


def remark_to_wire(remark: Remark) -> service_pb.ImportNotice:
    return service_pb.ImportNotice(row_number=remark.row_number, field=remark.notice.field, code=remark.notice.code)


def _changed_to_wire(changed: Changed) -> service_pb.ImportChange:
    return service_pb.ImportChange(
        row_number=changed.row_number,
        source_key=changed.source_key,
        provider_id=changed.provider_id,
        outcome=_OUTCOME[changed.outcome],
        fields=changed.fields,
    )


def _changed_from_wire(changed: service_pb.ImportChange) -> Changed:
    return Changed(
        row_number=changed.row_number,
        source_key=changed.source_key,
        provider_id=changed.provider_id,
        outcome=_OUTCOME_READ[changed.outcome],
        fields=tuple(changed.fields),
    )

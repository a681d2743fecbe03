"""Bringing the collections of a Mongo database to what is declared: made, indexed, their words listed."""

from typing import Any

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError, OperationFailure

from store.errors import WrongStore
from store.mongo.link import Link, told
from store.mongo.shape import WORDS, Document, Shape

PRODUCT = "parley"
META = "meta"
"""The collection of what the database says of itself. Its record ``parley`` comes before all else, so that a database
with anything in it and without that record is somebody else's, or a restore that did not come to its end."""

NAMESPACE_EXISTS = 48
INDEX_CONFLICTS = (85, 86)
PAGE = 500
"""Documents whose words are listed at once."""


async def make(link: Link, shape: Shape[Any], meta: Document) -> None:
    """Make the collection of a table and its indexes, where they are missing; also for what is there already.

    Raises:
        WrongStore: If there is an index of another form, or what is there is not as unique as declared.
    """
    is_new = await _make_collection(link, shape)
    try:
        await _make_indexes(link, shape, is_new)
    except DuplicateKeyError as error:
        raise WrongStore(f"{shape.name} holds what is declared to be unique more than once: {told(error)}") from error
    except OperationFailure as error:
        if error.code in INDEX_CONFLICTS:
            raise WrongStore(f"{shape.name} has an index of another form than declared: {told(error)}") from error
        raise
    fields = list(shape.table.words)
    if fields and meta.get("words", {}).get(shape.name) != fields:
        if not is_new:
            await _list_words(link, shape)
        await link.collection(META).update_one({"_id": PRODUCT}, {"$set": {f"words.{shape.name}": fields}})


async def _make_collection(link: Link, shape: Shape[Any]) -> bool:
    """Make it unless it is there; tell whether it is a new one."""
    try:
        await link.database.create_collection(shape.name, check_exists=False)
    except OperationFailure as error:
        if error.code != NAMESPACE_EXISTS:
            raise
        return False
    return True


async def _make_indexes(link: Link, shape: Shape[Any], is_new: bool) -> None:
    models = shape.index_models()
    if not models:
        return
    collection = link.collection(shape.name)
    if not is_new:
        present = await collection.index_information()
        missing = {
            field for model in models if model.document["name"] not in present for field in model.document["key"]
        }
        for field in missing & shape.scalars.keys():
            # Written before the field was declared: an index finds only what is there.
            await collection.update_many({field: {"$exists": False}}, {"$set": {field: shape.scalars[field]}})
    await collection.create_indexes(models)


async def _list_words(link: Link, shape: Shape[Any]) -> None:
    """List the words of every document anew. A document that changes meanwhile lists its own."""
    collection = link.collection(shape.name)
    requests: list[UpdateOne] = []
    async for document in collection.find({}, dict.fromkeys(shape.table.words, True), batch_size=PAGE):
        seen = {field: {"$eq": document.get(field)} for field in shape.table.words}
        texts = {field: document.get(field, shape.defaults[field]) for field in shape.table.words}
        requests.append(UpdateOne({"_id": document["_id"], **seen}, {"$set": {WORDS: shape.tokens(texts)}}))
        if len(requests) == PAGE:
            await collection.bulk_write(requests, ordered=False)
            requests.clear()
    if requests:
        await collection.bulk_write(requests, ordered=False)

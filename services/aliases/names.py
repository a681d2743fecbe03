"""The names that people take in topics: which may be had, and made ones."""

import secrets
from typing import Annotated, Final

import msgspec

ChosenName = Annotated[str, msgspec.Meta(min_length=3, max_length=20, pattern="^[A-Za-z0-9]+(?![^A-Za-z0-9])$")]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


RESERVED: Final = frozenset(
    _words(
        "admin administrator alias all anon anonymous banned bot channel deleted everybody everyone ghost guest here "
        "host me mod moderator moderators nobody null official operator owner parley root self server somebody someone "
        "staff support system team topic undefined unknown user you"
    )
)
"""What would pass for a role, for everybody, or for nobody; with digits behind it too."""

ADJECTIVES: Final = _words(
    "Amber Ample Azure Bold Brave Breezy Bright Brisk Calm Candid Cheery Clever Copper Coral Cosmic Cosy Crisp Curious "
    "Daring Deft Dreamy Eager Early Earnest Easy Fabled Fair Fleet Fluent Fond Frank Fresh Gentle Gilded Glad Golden "
    "Grand Hardy Hazel Hidden Honest Humble Indigo Ivory Jolly Keen Kindly Lively Lofty Loyal Lucid Lucky Lunar Maple "
    "Mellow Merry Mild Misty Mossy Neat Nimble Noble Oaken Olive Opal Pearly Placid Plucky Polite Prime Proud Quick "
    "Quiet Rapid Ready Regal Rosy Rustic Sandy Serene Silent Silver Simple Sleek Snowy Solar Spry Steady Stellar Sunny "
    "Swift Tidy Tranquil Trusty Velvet Vivid Warm Wavy Witty Woolly Zesty"
)
NOUNS: Final = _words(
    "Acorn Anchor Aspen Badger Beacon Bear Beaver Birch Bison Brook Canyon Cedar Cloud Clover Comet Condor Crane "
    "Cricket Daisy Delta Dolphin Dragon Eagle Echo Elk Ember Falcon Fern Finch Fjord Forest Fox Galaxy Gecko Glacier "
    "Grove Gull Harbor Hare Harvest Hawk Heron Hill Ibis Island Jaguar Juniper Kestrel Lagoon Lantern Lark Lemur Lily "
    "Lynx Magpie Marten Meadow Meteor Moose Moth Nebula Newt Oak Ocean Orchid Osprey Otter Owl Panda Pebble Pelican "
    "Pine Planet Plover Puffin Quail Quartz Rabbit Raven Reef Ridge River Robin Salmon Seal Sparrow Spruce Stork "
    "Summit Swan Tern Thistle Tiger Toad Tulip Valley Walrus Willow Wren Yak Zebra"
)


def made_name() -> str:
    """Return a name of two words and three digits, such as ``QuietOtter417``; somebody may have it."""
    return f"{secrets.choice(ADJECTIVES)}{secrets.choice(NOUNS)}{secrets.randbelow(1000):03}"


def folded(name: str) -> str:
    """Return what of a name is unique."""
    return name.lower()


def is_reserved(name: str) -> bool:
    """Tell whether a name is kept for nobody."""
    return folded(name).rstrip("0123456789") in RESERVED or folded(name) in RESERVED

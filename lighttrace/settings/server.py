"""`[server]`."""

from typing import Annotated

from msgspec import Meta

from lighttrace.settings.kinds import Name, Networks, Url
from lighttrace.toml.setting import Note, Table


class Server(Table, frozen=True):
    """`[server]`: where LightTrace listens, and how it is reached."""

    url: Annotated[Url | None, Note(example="https://errors.example.com")] = None
    """The address people type to reach LightTrace. Mails, DSNs and links begin with it, so set it
    as soon as anybody works from another machine or through a proxy. It may end in a path.
    """
    host: Annotated[Name, Note("an address to listen on")] = "127.0.0.1"
    """The address to listen on. "127.0.0.1" is reached from this machine only, which is right
    behind a proxy; "0.0.0.0" is reached from everywhere.
    """
    port: Annotated[int, Meta(ge=0, le=65535), Note("a port number up to 65535")] = 8000
    """The port to listen on."""
    trusted_proxies: Annotated[Networks, Note(example=["127.0.0.1", "10.0.0.0/8"])] = ()
    """The proxies in front of LightTrace, as addresses or networks. Only their word is taken for
    the address a request came from.
    """

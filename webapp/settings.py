"""The web app's settings: what the command line chooses, and the limits."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Every choice of a running web app.

    host, port: where it listens; port 0 takes a free one.
    ssl_certfile, ssl_keyfile: PEM files; with them the address is https, which browsers ask for
        before they lend a camera to any host but localhost.
    allow_origin: pages of other origins that may use the API and the socket, such as
        "https://faces.example"; their hosts may also stand in the Host header (a proxy's name).
    max_clients: live clients admitted at most; fewer where the measured speed allows fewer.
    model: the name of the default artifact, or its folder.
    workers: threads that analyse pictures, one for each core that it may use.
    client_rate: frames a second that every admitted live client is owed.
    load_share: share of the workers' time that admitted clients may claim at that rate; the rest
        is for photos, the sockets and the unforeseen. With the measured time of a frame these
        two give the number of clients that the server can serve well.
    max_pictures, max_videos: POST requests of each kind served at once, more are refused. Each
        counts from before its body is read until its answer is sent, and holds the file that
        long: these two bound the memory that uploads take.
    max_picture_bytes, max_video_bytes, max_frame_bytes: encoded sizes accepted.
    max_picture_pixels, max_frame_pixels: width x height accepted, read before decoding.
    max_faces: faces followed on one live frame.
    max_video_frames: frames decoded of one video; the rest is left out, and the answer says so.
    max_connections: sockets held at once; more are told to come back.
    header_seconds: a connection has so long to send a request's head.
    body_seconds, body_rate: an upload has so long, and a second more for so many bytes of it that
        have arrived (as Apache's mod_reqtimeout).
    first_frame_seconds: a live client has so long to send a frame that can be decoded.
    idle_seconds: and so long for the next one; then it gives up its place.
    decode_seconds: a picture, or a frame of a video, has so long in its decoding process.
    request_seconds: from an upload's head to the end of its answer.
    drain_seconds: requests in flight have so long when the server stops.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    allow_origin: tuple[str, ...] = ()
    max_clients: int = 32
    model: str = "landmark-ferplus"
    workers: int = 2
    client_rate: float = 10.0
    load_share: float = 0.6
    max_pictures: int = 8
    max_videos: int = 2
    max_picture_bytes: int = 16 << 20
    max_video_bytes: int = 64 << 20
    max_frame_bytes: int = 1 << 20
    max_picture_pixels: int = 24_000_000
    max_frame_pixels: int = 2_100_000
    max_faces: int = 8
    max_video_frames: int = 20_000
    max_connections: int = 512
    header_seconds: float = 10.0
    body_seconds: float = 20.0
    body_rate: int = 16 << 10
    first_frame_seconds: float = 10.0
    idle_seconds: float = 30.0
    decode_seconds: float = 10.0
    request_seconds: float = 900.0
    drain_seconds: float = 2.0

    def __post_init__(self):
        if self.max_clients < 1:
            raise ValueError(f"max_clients is {self.max_clients}; expected at least 1.")
        if bool(self.ssl_certfile) != bool(self.ssl_keyfile):
            raise ValueError("ssl_certfile and ssl_keyfile belong together; one is missing.")
        for origin in self.allow_origin:
            if not origin.startswith(("http://", "https://")) or origin.count("/") != 2:
                raise ValueError(
                    f"allow_origin {origin!r} is no origin; expected something like "
                    "https://faces.example or http://localhost:3000, without a path."
                )

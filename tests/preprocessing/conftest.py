"""A bucket of an S3 server on this machine."""

import pytest


@pytest.fixture
def bucket(monkeypatch):
    """The URL of an empty bucket, for as long as the test lasts."""
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem().mkdir(f"faces-{port}")
    yield f"s3://faces-{port}"
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()

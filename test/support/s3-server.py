"""A service that speaks S3's protocol: OpenStack Swift, all of it in one process.

Usage: s3-server.py <folder> [<port>]   Prints its port, and serves what is in the folder until standard input ends.
"""
import eventlet

eventlet.monkey_patch()

import logging
import os
import sys

from eventlet import wsgi
from swift.common import utils
from swift.common.ring import RingBuilder
from swift.common.wsgi import loadapp

FOLDER = sys.argv[1]
PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 0
PIPELINE = "catch_errors gatekeeper listing_formats s3api tempauth copy bulk slo proxy-server"


def listen(port=0):
    return eventlet.listen(("127.0.0.1", port))


def write(name, text):
    path = os.path.join(FOLDER, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def serve(sock, app):
    eventlet.spawn(wsgi.server, sock, app, log=logging.getLogger("swift"), log_output=False, debug=False)


class Memory:
    """Stands where memcached would."""

    def __init__(self, app):
        self.app, self.values = app, {}

    def __call__(self, env, start_response):
        env["swift.cache"] = self
        return self.app(env, start_response)

    def get(self, key, **_):
        return self.values.get(key)

    def set(self, key, value, **_):
        self.values[key] = value

    def delete(self, key, **_):
        self.values.pop(key, None)


def main():
    devices = os.path.join(FOLDER, "devices")
    os.makedirs(os.path.join(devices, "disk"), exist_ok=True)
    write("swift.conf", "[swift-hash]\nswift_hash_path_suffix = tests\n[storage-policy:0]\nname = gold\ndefault = yes\n")
    utils.SWIFT_CONF_FILE = os.path.join(FOLDER, "swift.conf")
    sockets = {kind: listen() for kind in ("account", "container", "object")}
    for kind, sock in sockets.items():
        builder = RingBuilder(4, 1, 1)
        builder.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": sock.getsockname()[1], "device": "disk",
                         "weight": 1})
        builder.rebalance()
        builder.get_ring().save(os.path.join(FOLDER, kind + ".ring.gz"))
    common = f"[DEFAULT]\nswift_dir = {FOLDER}\ndevices = {devices}\nmount_check = false\nlog_level = ERROR\n"
    for kind, sock in sockets.items():
        path = write(kind + ".conf", f"{common}fallocate_reserve = 0\n[pipeline:main]\npipeline = {kind}-server\n"
                     f"[app:{kind}-server]\nuse = egg:swift#{kind}\nreplication_server =\n")
        serve(sock, loadapp(path))
    filters = "".join(f"[filter:{name}]\nuse = egg:swift#{name}\n" for name in PIPELINE.split()[:-1]
                      if name not in ("s3api", "tempauth"))
    path = write("proxy.conf", f"{common}[pipeline:main]\npipeline = {PIPELINE}\n"
                 "[app:proxy-server]\nuse = egg:swift#proxy\nallow_account_management = true\naccount_autocreate = true\n"
                 "[filter:s3api]\nuse = egg:swift#s3api\nlocation = us-east-1\nauth_pipeline_check = false\n"
                 "[filter:tempauth]\nuse = egg:swift#tempauth\nuser_test_tester = testing .admin\n" + filters)
    sock = listen(PORT)
    serve(sock, Memory(loadapp(path)))
    print(sock.getsockname()[1], flush=True)
    eventlet.tpool.execute(sys.stdin.read)


main()

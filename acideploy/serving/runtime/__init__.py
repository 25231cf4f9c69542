"""What runs inside a service: Microsoft's scoring application in a production server.

This folder is copied beside the user's code as `acideploy_serving` and started with
`python -m acideploy_serving`. It runs in the service's own environment, on Python 3.7 and later,
so nothing here imports the rest of acideploy or uses newer syntax. Start it anywhere but in the
application root, where Python itself would import a user's `types.py` before the library's.

Variables that it adds to those of azureml-inference-server-http:

ACIDEPLOY_HOST, ACIDEPLOY_PORT             where to listen; 0.0.0.0 and 5001
ACIDEPLOY_TLS_CERTIFICATE, ..._TLS_KEY     PEM files; with both, the service speaks TLS 1.2 or later
ACIDEPLOY_KEYS_FILE                        JSON `{"primaryKey": ..., "secondaryKey": ...}`; asks for
                                           `Authorization: Bearer <key>`; read again when it changes
ACIDEPLOY_REVISION                         sent back by `GET /` as `x-acideploy-revision`

Every worker loads the script itself, after it was forked, so WORKER_PRELOAD has no effect.
WORKER_TIMEOUT is the longest that one request may keep the script busy before its worker is ended
and started again.
"""

#!/bin/sh
# Makes the random secrets that compose.yaml mounts, one file each; those that exist are kept.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
for name in postgres_admin db_saulyq_owner db_saulyq_app db_saulyq_pipeline db_saulyq_egress db_saulyq_dashboards \
    oidc_dashboards oidc_dagster dashboards_cookie csrf_key; do
    [ -s "secrets/$name" ] && continue
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n' > "secrets/$name"
    # containers read them under their own user numbers; the folder itself is closed
    chmod 0444 "secrets/$name"
done
printf 'postgresql://postgres:%s@postgres:5432/postgres' "$(cat secrets/postgres_admin)" > secrets/admin_url
chmod 0444 secrets/admin_url
if [ ! -s secrets/oidc_signing_key.pem ]; then
    openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out secrets/oidc_signing_key.pem
    chmod 0444 secrets/oidc_signing_key.pem
fi

#!/bin/sh
exec psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --command "insert into ran values ('executed')"

# May not be executed: it is read into the entrypoint's shell, and has its functions.
docker_process_sql <<<"insert into ran values ('sourced')"

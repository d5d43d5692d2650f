create table ran (what text);

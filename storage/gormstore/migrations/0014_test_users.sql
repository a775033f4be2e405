-- Test people of publishers, who can be asked by the clients of that publisher alone.
ALTER TABLE users ADD COLUMN test_publisher TEXT NOT NULL DEFAULT '';
CREATE INDEX users_test_publisher ON users (test_publisher, id) WHERE test_publisher <> '';

-- An earlier version of the Worker may still write while a deployment spreads, and after a rollback. It changes the text of a passage
-- and leaves `indexed_text` as it was, so that search would still find the old words, and not the new ones. Such an `indexed_text`
-- is removed here, and maintenance makes it again. Two triggers, because a trigger does not fire inside itself.
DROP TRIGGER passages_changed;
CREATE TRIGGER passages_changed AFTER UPDATE OF text, indexed_text ON passages
WHEN new.indexed_text IS NULL OR new.indexed_text IS NOT old.indexed_text OR new.text = old.text
BEGIN
  INSERT INTO passages_fts (passages_fts, rowid, owner, text)
  VALUES ('delete', old.number, old.owner, coalesce(old.indexed_text, old.text));
  INSERT INTO passages_fts (rowid, owner, text) VALUES (new.number, new.owner, coalesce(new.indexed_text, new.text));
END;
CREATE TRIGGER passages_changed_alone AFTER UPDATE OF text ON passages
WHEN new.indexed_text IS NOT NULL AND new.indexed_text IS old.indexed_text AND new.text <> old.text
BEGIN
  UPDATE passages SET indexed_text = NULL WHERE number = new.number; -- fires passages_changed, which still sees the old one
  UPDATE cursors SET value = new.number - 1 WHERE name = 'indexed_texts' AND CAST(value AS INTEGER) >= new.number;
END;

-- What somebody wants by mail of one project, whatever they want of the kinds of messages. `spike`: only what is far louder than usual.
CREATE TABLE project_preference(user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE, project_id INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE, wants TEXT NOT NULL CHECK(wants IN ('all','mine','spike','none')), PRIMARY KEY(user_id, project_id)) STRICT, WITHOUT ROWID;
CREATE INDEX project_preference_project ON project_preference(project_id);

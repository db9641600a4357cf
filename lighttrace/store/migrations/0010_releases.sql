-- The newest release before something became loud.
CREATE INDEX release_project_first ON release_project(project_id, first_event_at);

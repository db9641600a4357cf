export type Action = { type: string; payload?: unknown };
type State = { count: number };
export type Reducer = (state: State, action: Action) => State;

export const reducers: Record<string, Reducer> = {
  increment: (state) => ({ count: state.count + 1 }),
  explode(state, action) {
    return fail(state, action);
  },
  "set count": function (state, { payload }) {
    return { ...state, count: payload as number };
  },
};

function fail(state: State, action: Action): never {
  throw Object.assign(new Error(`reducer of ${action.type} failed`), { state });
}

export function createStore(table: Record<string, Reducer>, state: State = { count: 0 }) {
  const subscribers = new Set<() => void>();
  const notify = () => { for (const each of subscribers) each(); };
  return {
    dispatch(action: Action): State {
      const run = withLog((current: State) => table[action.type]!(current, action));
      state = run(state);
      notify();
      return state;
    },
    subscribe: (subscriber: () => void) => (subscribers.add(subscriber), () => subscribers.delete(subscriber)),
  };
}

function withLog<T, R>(inner: (value: T) => R): (value: T) => R {
  return function logged(value) {
    try { return inner(value); } finally { void value; }
  };
}

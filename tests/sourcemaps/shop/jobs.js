const handlers = {
  async mail(job) {
    return job;
  },
  bill: async function billCustomer(job) {
    await null;
    throw new Error(job + " could not be done");
  },
};

export const runJobs = async (names) => Promise.all(names.map(runJob));

async function runJob(name) {
  const handler = handlers[name];
  return handler.call(handlers, name);
}

export function* walk(tree) {
  if (tree.bad) throw new Error("a bad tree"); else yield tree
  for (const side of ["left", "right"])
    if (tree[side]) yield* walk(tree[side])
}

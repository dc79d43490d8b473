/** Run by children.test.ts: opens a repository, uses every child, says their process ids and waits to be killed. */
import { openRepository } from "../../src/git/open-repository.ts";

const [gitDir = "", scratchDir = "", commit = ""] = process.argv.slice(2);
const repository = openRepository({ gitDir, scratchDir });
const tree = (await repository.commit(commit))?.tree ?? "";
await repository.patch(commit);
await repository.merge(tree, tree, tree);
console.log(JSON.stringify(repository.pids()));

import { runAdmin } from './admin/program.js';

process.exitCode = await runAdmin(process.argv, process.env);

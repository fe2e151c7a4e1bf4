import { isHealthy } from '@apwa/service';

// What a container's health check runs: exit code 0 while the member's heartbeats are answered, 1 otherwise.
process.exit((await isHealthy(process.env.APWA_HEALTH_FILE ?? '')) ? 0 : 1);

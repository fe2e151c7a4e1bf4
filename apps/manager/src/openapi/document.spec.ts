import 'reflect-metadata';
import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { NEEDS } from '../access/needs.js';
import { CapabilitiesController } from '../capabilities/capabilities.controller.js';
import { ExportsController } from '../exports/exports.controller.js';
import { HealthController } from '../health/health.controller.js';
import { KeysController } from '../keys/keys.controller.js';
import { PlansController } from '../plans/plans.controller.js';
import { PoolsController } from '../pools/pools.controller.js';
import { RunsController } from '../runs/runs.controller.js';
import { StorageCheckController } from '../storage-check/storage-check.controller.js';
import { TablesController } from '../tables/tables.controller.js';
import { UploadsController } from '../uploads/uploads.controller.js';
import { openApiDocument } from './document.js';
import { OpenApiController } from './openapi.controller.js';
import { routes } from './routes.js';

const controllers = [
  RunsController,
  PlansController,
  CapabilitiesController,
  TablesController,
  UploadsController,
  ExportsController,
  StorageCheckController,
  PoolsController,
  KeysController,
  HealthController,
  OpenApiController,
];

const served = controllers.flatMap((controller) => {
  const prefix = Reflect.getMetadata(PATH_METADATA, controller) as string;
  return Object.getOwnPropertyNames(controller.prototype).flatMap((name) => {
    const handler = (controller.prototype as unknown as Record<string, object>)[name];
    const method = handler && (Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined);
    if (!handler || method === undefined) return [];
    const path = [prefix, Reflect.getMetadata(PATH_METADATA, handler) as string].filter((part) => part !== '/').join('/');
    const needs = String(Reflect.getMetadata(NEEDS, handler));
    return [`${needs} ${RequestMethod[method].toLowerCase()} /${path.replace(/:(\w+)/g, '{$1}')}`];
  });
});

describe('the OpenAPI document', () => {
  it('should describe every route that is served with who may call it, and no other', () => {
    expect(served.length).toBeGreaterThan(15);
    expect(routes.map(({ needs, method, path }) => `${needs} ${method} ${path}`).sort()).toEqual([...served].sort());
  });

  it('should name the parameters of each path', () => {
    for (const { path, params = {} } of routes) {
      expect([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)).toEqual(Object.keys(params));
    }
  });

  it('should name the scope that each operation needs', () => {
    const { paths } = openApiDocument('1') as { paths: Record<string, Record<string, { security: object[] }>> };
    expect(paths['/v1/runs']?.get?.security).toEqual([{ key: ['read'] }]);
    expect(paths['/v1/runs']?.post?.security).toEqual([{ key: ['run'] }]);
    expect(paths['/v1/tables/{id}']?.delete?.security).toEqual([{ key: ['admin'] }]);
    expect(paths['/healthz']?.get?.security).toEqual([]);
  });

  it('should be plain JSON with the schemas of bodies and answers', () => {
    const document = openApiDocument('1') as {
      paths: Record<string, Record<string, { requestBody?: { content: Record<string, { schema?: { properties?: object } }> } }>>;
    };
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
    const body = document.paths['/v1/runs']?.post?.requestBody?.content['application/json']?.schema?.properties;
    expect(Object.keys(body ?? {})).toEqual(
      expect.arrayContaining(['goal', 'inputs', 'plan', 'outputs', 'limits', 'approval', 'stopAfter']),
    );
  });
});

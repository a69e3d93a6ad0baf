/** Categories, brands and tags over HTTP. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Decide } from '../core/capability.ts'
import type { Refusal } from '../errors.ts'
import { answerJson, answerPage, answerWithReceipt } from '../http/answer.ts'
import { problem } from '../http/problem.ts'
import type { NodeEnv } from '../http/router.ts'
import {
  IdempotencyKeyHeader,
  jsonContent as json,
  mutationProblems,
  problemResponses,
} from '../http/schemas.ts'
import { submit } from '../http/submit.ts'
import * as api from './api.ts'
import { createCategory, editBrand, editCategory } from './category.ts'
import type { BrandId, CategoryId } from './ids.ts'
import { tagListMax } from './limits.ts'
import type { CountedJson } from './queries.ts'
import type { CatalogRoutesDeps } from './routes.ts'

export const addCategoryRoutes = (
  router: OpenAPIHono<NodeEnv>,
  { pipeline, queries, guard }: CatalogRoutesDeps,
): void => {
  const mayWrite = guard.require('catalog:write')

  const change = async <Input>(
    c: Context<NodeEnv>,
    decide: Decide<Input, { readonly id: string }>,
    { input, status = 200 }: { readonly input: Input; readonly status?: 200 | 201 },
  ): Promise<Response> => {
    const done = await submit(c, pipeline, { decide, input })
    if (!done.ok) return problem(c, done.refusal)
    const { answer, receipt } = done.value
    const found = queries.category(answer.id)
    return answerWithReceipt({
      json: found ? counted(found) : JSON.stringify(answer),
      receipt,
      status,
    })
  }

  router.openapi(
    createRoute({
      method: 'get',
      path: '/categories',
      tags: ['catalog'],
      summary: 'List all categories',
      responses: {
        200: { description: 'Parents before children', content: json(api.CategoryList) },
        ...problemResponses('not_ready'),
      },
    }),
    () => answerPage({ items: queries.categories().map(counted) }),
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/categories/{id}',
      tags: ['catalog'],
      summary: 'Read a category',
      request: { params: api.NamedParams },
      responses: {
        200: { description: 'The category', content: json(api.CategoryOut) },
        ...problemResponses('category_not_found'),
      },
    }),
    (c) => {
      const { id } = c.req.valid('param')
      const found = queries.category(id)
      const refusal: Refusal = {
        code: 'category_not_found',
        detail: `There is no category ${id}`,
      }
      return found ? answerJson(counted(found)) : problem(c, refusal)
    },
  )

  router.openapi(
    createRoute({
      method: 'post',
      path: '/categories',
      tags: ['catalog'],
      summary: 'Create a category, and those above it',
      middleware: mayWrite,
      request: {
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.CategoryBody) },
      },
      responses: {
        201: { description: 'It was created', content: json(api.CategoryOut) },
        ...problemResponses('category_exists', ...mutationProblems),
      },
    }),
    (c) => {
      const { path, description, imageUrl } = c.req.valid('json')
      const input = {
        path,
        ...(description === undefined ? {} : { description }),
        ...(imageUrl === undefined ? {} : { imageUrl }),
      }
      return change(c, createCategory, { input, status: 201 })
    },
  )

  router.openapi(
    createRoute({
      method: 'patch',
      path: '/categories/{id}',
      tags: ['catalog'],
      summary: 'Edit a category',
      middleware: mayWrite,
      request: {
        params: api.NamedParams,
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.CategoryPatch) },
      },
      responses: {
        200: { description: 'It was changed', content: json(api.CategoryOut) },
        ...problemResponses('category_not_found', ...mutationProblems),
      },
    }),
    (c) => {
      const id = c.req.valid('param').id as CategoryId
      return change(c, editCategory, { input: { ...c.req.valid('json'), id } })
    },
  )
}

export const addBrandRoutes = (
  router: OpenAPIHono<NodeEnv>,
  { pipeline, queries, guard }: CatalogRoutesDeps,
): void => {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/brands',
      tags: ['catalog'],
      summary: 'List all brands',
      responses: {
        200: { description: 'By id', content: json(api.BrandList) },
        ...problemResponses('not_ready'),
      },
    }),
    () => answerPage({ items: queries.brands().map(counted) }),
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/brands/{id}',
      tags: ['catalog'],
      summary: 'Read a brand',
      request: { params: api.NamedParams },
      responses: {
        200: { description: 'The brand', content: json(api.BrandOut) },
        ...problemResponses('brand_not_found'),
      },
    }),
    (c) => {
      const { id } = c.req.valid('param')
      const found = queries.brand(id)
      const refusal: Refusal = { code: 'brand_not_found', detail: `There is no brand ${id}` }
      return found ? answerJson(counted(found)) : problem(c, refusal)
    },
  )

  router.openapi(
    createRoute({
      method: 'patch',
      path: '/brands/{id}',
      tags: ['catalog'],
      summary: 'Edit a brand',
      middleware: guard.require('catalog:write'),
      request: {
        params: api.NamedParams,
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.BrandPatch) },
      },
      responses: {
        200: { description: 'It was changed', content: json(api.BrandOut) },
        ...problemResponses('brand_not_found', ...mutationProblems),
      },
    }),
    async (c) => {
      const id = c.req.valid('param').id as BrandId
      const input = { ...c.req.valid('json'), id }
      const done = await submit(c, pipeline, { decide: editBrand, input })
      if (!done.ok) return problem(c, done.refusal)
      const { answer, receipt } = done.value
      const found = queries.brand(answer.id)
      return answerWithReceipt({
        json: found ? counted(found) : JSON.stringify(answer),
        receipt,
      })
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/tags',
      tags: ['catalog'],
      summary: 'List the most used tags',
      responses: { 200: { description: 'Most used first', content: json(api.TagList) } },
    }),
    (c) => c.json({ items: [...queries.tags(tagListMax)] }, 200),
  )
}

const counted = ({ json, productCount }: CountedJson): string =>
  `${json.slice(0, -1)},"productCount":${productCount}}`

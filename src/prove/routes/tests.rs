//! Small programs and their routes.

use crate::prove::{Options, Plan, plan};
use crate::rulebook::Rulebook;
use crate::workspace::run_in_memory;

fn planned(files: &[(&str, &str)]) -> Plan {
    let files: Vec<(String, String)> = files.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    let rulebook = Rulebook::builtin();
    let analysis = run_in_memory(&files, rulebook);
    let options = Options { methods: ["GET", "HEAD", "POST"].map(str::to_owned).into(), ..Options::default() };
    plan(&analysis.units, &analysis.manifests, rulebook, &options).unwrap()
}

/// The routes as one text.
fn routes(files: &[(&str, &str)]) -> String {
    planned(files).routes.iter().map(|it| format!("{} {}", it.method, it.path)).collect::<Vec<_>>().join(", ")
}

#[test]
fn express_with_mounted_routers() {
    let app = "const express = require('express');\nconst app = express();\nconst users = require('./users');\n\
        app.use(express.json());\napp.get('/', (req, res) => res.end());\napp.use('/api/users', users);\n\
        app.route('/both').get((req, res) => res.end()).post((req, res) => res.end());\napp.listen(0);\n";
    let users = "const { Router } = require('express');\nconst router = Router();\nconst ID = '/:id';\n\
        router.get('/', list).post('/', list);\nrouter.get(ID, auth, list);\nrouter.delete(ID, list);\n\
        router.use('/nested', require('./nested'));\nfunction list(req, res) { res.end(); }\n\
        function auth(req, res, next) { next(); }\nmodule.exports = router;\n";
    let nested = "const router = require('express').Router();\nrouter.get(['/a', '/b'], (req, res) => res.end());\nmodule.exports = router;\n";
    let found = routes(&[("app.js", app), ("users.js", users), ("nested.js", nested)]);
    assert_eq!(
        found,
        "GET /, GET /api/users, POST /api/users, GET /api/users/:id, GET /api/users/nested/a, GET /api/users/nested/b, GET /both, POST /both"
    );
}

#[test]
fn bodies_have_the_fields_that_handlers_read() {
    let app = |parser: &str| {
        format!(
            "const express = require('express');\nconst app = express();\napp.use(express.{parser}());\n\
            app.post('/rooms', (req, res) => {{ const {{ name }} = req.body; make(name, req.body.owner); res.end(); }});\n\
            app.get('/rooms', (req, res) => res.end(req.body.name));\napp.listen(0);\n"
        )
    };
    for (parser, expected) in [("json", r#"{"name":"7","owner":"7"}"#), ("urlencoded", "name=7&owner=7")] {
        let plan = planned(&[("app.js", &app(parser))]);
        let bodies: Vec<String> = plan.routes.iter().map(|it| it.body.filled(7)).collect();
        assert_eq!(bodies[1], expected);
        assert!(plan.routes[0].body.is_empty(), "a GET carries nothing");
    }
}

#[test]
fn express_in_modules_and_by_functions() {
    let app = "import express from 'express';\nimport { feed } from './feed.js';\nimport routes from './routes.js';\n\
        const app = express();\napp.use('/feed', feed());\nroutes(app);\napp.listen(0);\n";
    let feed = "import { Router } from 'express';\nexport function feed() {\n  const router = Router();\n\
        router.get('/live', (req, res) => res.end());\n  return router;\n}\n";
    let list = "export default function routes(app) {\n  app.get('/x', (req, res) => res.end());\n}\n";
    assert_eq!(routes(&[("app.mjs", app), ("feed.js", feed), ("routes.js", list)]), "GET /feed/live, GET /x");
}

#[test]
fn fastify_with_plugins() {
    let app = "const fastify = require('fastify')();\nfastify.get('/a', async (request, reply) => 1);\n\
        fastify.route({ method: ['GET', 'POST'], url: '/b/:id', handler: async (request, reply) => 2 });\n\
        fastify.register(require('./plugin'), { prefix: '/v1' });\nfastify.listen({ port: 0 });\n";
    let plugin =
        "module.exports = async function (instance, options) {\n  instance.get('/c', async (request, reply) => 3);\n};\n";
    assert_eq!(routes(&[("app.js", app), ("plugin.js", plugin)]), "GET /a, GET /b/:id, POST /b/:id, GET /v1/c");
}

#[test]
fn koa_and_its_router() {
    let app = "const Koa = require('koa');\nconst Router = require('@koa/router');\nconst app = new Koa();\n\
        const router = new Router({ prefix: '/users' });\nrouter.get('/', async ctx => { ctx.body = 1; });\n\
        router.get('/:id', async ctx => { ctx.body = 1; });\napp.use(router.routes()).use(router.allowedMethods());\napp.listen(0);\n";
    assert_eq!(routes(&[("app.js", app)]), "GET /users, GET /users/:id");
}

#[test]
fn hapi_and_nest() {
    let hapi = "const Hapi = require('@hapi/hapi');\nconst server = Hapi.server({ port: 0 });\n\
        server.route({ method: 'GET', path: '/a/{id}', handler: () => 1 });\n\
        server.route([{ method: '*', path: '/b', handler: () => 1 }]);\nserver.start();\n";
    assert_eq!(routes(&[("app.js", hapi)]), "GET /a/{id}, GET /b");
    let nest = "import { Controller, Get, Post, Sse } from '@nestjs/common';\n@Controller('cats')\nexport class Cats {\n\
        @Get() all() { return []; }\n  @Get(':id') one() { return 1; }\n  @Post() add() { return 1; }\n  @Sse('live') live() {}\n}\n";
    let main = "import { NestFactory } from '@nestjs/core';\nconst app = await NestFactory.create(Module);\napp.setGlobalPrefix('api');\n";
    assert_eq!(
        routes(&[("cats.ts", nest), ("main.ts", main)]),
        "GET /api/cats, POST /api/cats, GET /api/cats/:id, GET /api/cats/live"
    );
}

#[test]
fn plain_servers_by_what_they_compare() {
    let app = "const http = require('http');\nconst table = { '/t': f, 'POST /u': f };\nfunction f(req, res) { res.end(); }\n\
        http.createServer((req, res) => {\n  if (req.url === '/feed') return res.end();\n\
        if (req.method === 'POST' && req.url.startsWith('/add')) return res.end();\n\
        const { pathname } = new URL(req.url, 'http://x');\n  switch (pathname) {\n    case '/one': return res.end();\n\
        case '/two':\n      return res.end();\n  }\n  (table[req.url] || f)(req, res);\n}).listen(0);\n";
    assert_eq!(routes(&[("app.js", app)]), "GET /, POST /add, GET /feed, GET /one, GET /t, GET /two, POST /u");
}

#[test]
fn what_is_left_out_has_a_reason() {
    let app = "const app = require('express')();\napp.get('/logout', (req, res) => res.end());\n\
        app.put('/x', (req, res) => res.end());\napp.get(/^x/, (req, res) => res.end());\n\
        app.set('view engine', 'pug');\napp.get('port');\nnew Map().get('/x');\napp.get('/ok', (req, res) => res.end());\n";
    let plan = planned(&[("app.js", app)]);
    let left_out: Vec<String> =
        plan.left_out.iter().map(|it| format!("{} {} {}", it.method, it.path, it.reason.text())).collect();
    assert_eq!(
        left_out,
        [
            "GET /logout `logout` in the path; --path drives it all the same",
            "PUT /x not a method that is sent unless --methods names it",
            "GET  its path is computed"
        ]
    );
    assert_eq!(plan.routes.len(), 1);
}

#[test]
fn nothing_known_is_the_root() {
    assert_eq!(routes(&[("app.js", "console.log(1);\n")]), "GET /");
}

#[test]
fn middleware_at_a_path_is_a_route() {
    let app = "const express = require('express');\nconst proxy = require('some-proxy');\nconst app = express();\n\
        const users = express.Router();\nusers.get('/', (req, res) => res.end());\napp.use('/users', users);\n\
        app.use('/api', proxy({ target: 'http://127.0.0.1:1' }));\napp.use('/own', (req, res) => res.end());\n\
        app.use((req, res, next) => next());\n";
    assert_eq!(routes(&[("app.js", app)]), "GET /api, GET /own, GET /users");
}

#[test]
fn web_socket_paths() {
    let app = "const { WebSocketServer } = require('ws');\nconst server = require('http').createServer();\n\
        new WebSocketServer({ server, path: '/live' });\n";
    assert_eq!(planned(&[("app.js", app)]).sockets, ["/live"]);
    let io = "import { Server } from 'socket.io';\nconst io = new Server(http, { path: '/io' });\n";
    assert_eq!(planned(&[("io.mjs", io)]).sockets, ["/io/?EIO=4&transport=websocket"]);
}

#[test]
fn what_handlers_read_of_a_query_is_sent_too() {
    let app = "const app = require('express')();\n\
        app.get('/board', (req, res) => { const query = clean(req['query']); const id = query['wid']; res.send(id + req.query.page); });\n\
        app.get('/list', (req, res) => { const { sort, remove } = req.query; res.send(sort); });\n\
        app.get('/find', find);\nfunction find(req, res) { return db.query.where(req.query.q).get('x'); }\n\
        app.post('/board', (req, res) => res.send(req.query.wid));\n\
        function clean(it) { return it; }\napp.listen(0);\n";
    let found = routes(&[("app.js", app)]);
    let expected =
        "GET /board, POST /board, GET /board?wid=:wid&page=:page, GET /find, GET /find?q=:q, GET /list, GET /list?sort=:sort";
    assert_eq!(found, expected);
}

#[test]
fn a_plain_server_reads_its_query_from_the_url() {
    let app = "const server = require('http').createServer((req, res) => {\n\
        const url = new URL(req.url, 'http://x');\n\
        if (url.pathname === '/feed') return res.end(url.searchParams.get('after'));\n  res.end();\n});\nserver.listen(0);\n";
    assert_eq!(routes(&[("app.js", app)]), "GET /, GET /?after=:after, GET /feed, GET /feed?after=:after");
}

//! All facts and models, linked.
//!
//! In come the facts of every file, where their imports lead, and the rulebook; out comes one [`Program`] that answers
//! what an expression is ([`value`](Value)), which function calls which and how often ([`calls`](Edge), [`Rate`]), which
//! place a value lives in ([`Place`]) and how fresh it is there ([`Fresh`]). It knows no rule and no finding.

mod asked;
mod bound;
mod callbacks;
mod calls;
mod chain;
pub mod convention;
mod coverage;
mod depth;
mod entries;
mod filled;
mod flow;
mod fresh;
mod graph;
mod guard;
mod handed;
mod holds;
mod index;
mod input;
mod kept;
mod literal;
mod mentions;
mod modelled;
mod model_of;
mod modules;
mod passing;
mod paths;
mod place;
mod prototype;
mod rate;
mod reach;
mod reaction;
mod received;
mod refill;
mod refs;
mod tables;
mod teardown;
mod throws;
mod uses;
mod value;
mod words;

pub use calls::{Arg, Edge, How};
pub use coverage::{Coverage, Grade};
pub use entries::Entry;
pub use flow::Flow;
pub use fresh::{Fresh, Hold};
pub use guard::Guard;
pub use index::{FileIndex, Use};
pub use input::{Manifest, StartCommand, StartKind, Target, Unit};
pub use modelled::Modelled;
pub use modules::Exported;
pub use paths::{PathIx, Paths};
pub use place::{Place, Root};
pub use rate::{Quality, Rate, Rated, Witness};
pub use refs::{BindingRef, ExprRef, FnRef, Shape, SiteRef};
pub use tables::{Base, Tables, Write};
pub use teardown::Ending;
pub use value::Value;
pub use words::Words;

use graph::Graph;
use mentions::Mentions;
use modules::Exports;
use uses::ByPlace;

use crate::facts::{BindingId, Exit, ExprId, Facts, Name, Site, Sym};
use crate::rulebook::{CallModel, EventModel, Lifetime, Recurrence, Rulebook, TypeIx};
use crate::text::{FileId, Span};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::sync::{Arc, Mutex, OnceLock};

/// How far evaluation follows names, calls and members before it gives up.
const MAX_DEPTH: u32 = 24;

/// Rounds of call resolution: types of callback parameters found in one round resolve calls in the next.
const ROUNDS: usize = 3;

/// The linked program.
#[derive(Debug)]
pub struct Program<'a> {
    units: &'a [Unit],
    /// Rules and models.
    pub rulebook: &'a Rulebook,
    /// What the manifests say.
    pub manifests: &'a [Manifest],
    /// Modelled paths.
    pub paths: Paths<'a>,
    /// Symbols of words with a meaning.
    pub words: Words,
    /// Fields, methods, writes.
    pub tables: Tables,
    methods: FxHashMap<(TypeIx, Sym), &'a CallModel>,
    events: FxHashMap<(TypeIx, Sym), &'a EventModel>,
    type_members: FxHashMap<(TypeIx, Sym), Option<TypeIx>>,
    member_lifetimes: FxHashMap<(TypeIx, Sym), Lifetime>,
    param_types: FxHashMap<(FnRef, u16), TypeIx>,
    /// Where the parameters of listeners live, where models say so.
    event_lifetimes: FxHashMap<FnRef, Lifetime>,
    param_args: FxHashMap<(FnRef, u16), SmallVec<[Arg; 1]>>,
    /// Who calls whom.
    pub edges: Vec<Edge>,
    graph: Graph,
    constructions: FxHashMap<Shape, Vec<SiteRef>>,
    /// Where the outside calls in.
    pub entries: Vec<Entry>,
    entries_of: FxHashMap<FnRef, u32>,
    singletons: rustc_hash::FxHashSet<Shape>,
    rates: Vec<Option<Rated>>,
    handed: FxHashMap<FnRef, u32>,
    unit_params: rustc_hash::FxHashSet<(FnRef, u16)>,
    indexes: Vec<OnceLock<FileIndex>>,
    aliases: Vec<OnceLock<ByPlace<BindingId>>>,
    /// Member expressions of names that were asked for, by file, name and place.
    members_of: Vec<Mutex<FxHashMap<Name, Arc<ByPlace<ExprId>>>>>,
    telling: modelled::Telling,
    modelled: Vec<OnceLock<Vec<Modelled<'a>>>>,
    /// Values of bindings as far as this stage of linking knows them.
    values: Vec<OnceLock<kept::Kept>>,
    /// The shapes that extend each shape.
    heirs: OnceLock<FxHashMap<Shape, Vec<Shape>>>,
    /// Methods of shapes.
    members: OnceLock<FxHashMap<Shape, Vec<FnRef>>>,
    exports: Vec<OnceLock<Exports>>,
    /// Which files mention a name.
    mentions: OnceLock<Mentions>,
}

/// Links files into a program.
pub fn link<'a>(units: &'a [Unit], manifests: &'a [Manifest], rulebook: &'a Rulebook) -> Program<'a> {
    let mut program = Program {
        units,
        rulebook,
        manifests,
        paths: Paths::new(&rulebook.models),
        words: Words::new(),
        tables: Tables::default(),
        methods: FxHashMap::default(),
        events: FxHashMap::default(),
        type_members: FxHashMap::default(),
        member_lifetimes: FxHashMap::default(),
        param_types: FxHashMap::default(),
        event_lifetimes: FxHashMap::default(),
        param_args: FxHashMap::default(),
        edges: Vec::new(),
        graph: Graph::default(),
        constructions: FxHashMap::default(),
        entries: Vec::new(),
        entries_of: FxHashMap::default(),
        singletons: rustc_hash::FxHashSet::default(),
        rates: Vec::new(),
        handed: FxHashMap::default(),
        unit_params: rustc_hash::FxHashSet::default(),
        indexes: units.iter().map(|_| OnceLock::new()).collect(),
        aliases: units.iter().map(|_| OnceLock::new()).collect(),
        members_of: units.iter().map(|_| Mutex::default()).collect(),
        telling: modelled::Telling::new(&rulebook.models),
        modelled: units.iter().map(|_| OnceLock::new()).collect(),
        values: units.iter().map(|_| OnceLock::new()).collect(),
        heirs: OnceLock::new(),
        members: OnceLock::new(),
        exports: units.iter().map(|_| OnceLock::new()).collect(),
        mentions: OnceLock::new(),
    };
    program.flatten_types();
    tables::collect(&mut program);
    entries::collect(&mut program);
    calls::resolve(&mut program);
    rate::spread(&mut program);
    program.handed = handed::find(&program);
    program
}

impl<'a> Program<'a> {
    /// Forgets the values of bindings: something was learnt that may tell more of them.
    fn forget_values(&mut self) {
        self.values = self.units.iter().map(|_| OnceLock::new()).collect();
    }

    /// Forgets the values of bindings that hang on what calls pass: more was learnt of that.
    fn forget_passed(&mut self) {
        self.values.iter_mut().filter_map(OnceLock::get_mut).for_each(kept::Kept::forget_asked);
    }

    /// The files, by file id.
    pub fn units(&self) -> &'a [Unit] {
        self.units
    }

    /// A file.
    pub fn unit(&self, file: FileId) -> &'a Unit {
        &self.units[file.index()]
    }

    /// What a file says.
    pub fn facts(&self, file: FileId) -> &'a Facts {
        &self.units[file.index()].facts
    }

    /// All file ids.
    pub fn files(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..self.units.len() as u32).map(FileId)
    }

    /// The lazily built index of a file.
    #[expect(clippy::should_implement_trait, reason = "it takes a file and is lazy; nobody writes `program[file]`")]
    pub fn index(&self, file: FileId) -> &FileIndex {
        self.indexes[file.index()].get_or_init(|| FileIndex::new(self.facts(file)))
    }

    /// The `return`s and `throw`s of a function.
    pub fn exits(&self, f: FnRef) -> impl Iterator<Item = Exit> + '_ {
        let facts = self.facts(f.file);
        self.index(f.file).exits(f.id).iter().map(move |&i| facts.exits[i as usize])
    }

    /// The sites of a function, in evaluation order.
    pub fn sites(&self, f: FnRef) -> impl Iterator<Item = Site> + '_ {
        let facts = self.facts(f.file);
        self.index(f.file).sites(f.id).iter().map(move |&i| facts.sites[i as usize])
    }

    /// Where an expression stands.
    pub fn span(&self, expr: ExprRef) -> Span {
        let (start, end) = self.facts(expr.file()).range(expr.id);
        Span::new(expr.file(), start, end)
    }

    /// The site of an expression that is one.
    pub fn site_of(&self, expr: ExprRef) -> Option<SiteRef> {
        let region = self.index(expr.file()).region_of(self.facts(expr.file()), expr.id)?;
        Some(SiteRef { expr, region })
    }

    /// The model of an event of a type; `*` stands for all that the type does not name.
    pub fn event_model(&self, ty: TypeIx, event: Sym) -> Option<&'a EventModel> {
        let any = || self.events.get(&(ty, Sym::of("*")));
        self.events.get(&(ty, event)).or_else(any).copied()
    }

    /// What the name of an event tells when the type of its emitter does not.
    fn event_by_name(&self, event: Sym) -> Option<&'a EventModel> {
        let ty = self.rulebook.models.type_at("shape#Emitter")?;
        self.events.get(&(ty, event)).copied()
    }

    /// Whether a type says of an event how often it comes: an emitter's `*` says nothing.
    pub fn names_event(&self, ty: TypeIx, event: Sym) -> bool {
        self.events.contains_key(&(ty, event)) || self.event_model(ty, event).is_some_and(|it| it.recurs != Recurrence::Event)
    }

    /// The edges that lead into a function.
    pub fn callers(&self, f: FnRef) -> impl Iterator<Item = &Edge> + '_ {
        self.graph.leading_into(f).iter().map(|&i| &self.edges[i as usize])
    }

    /// The edges that lead out of a function.
    pub fn callees(&self, f: FnRef) -> impl Iterator<Item = &Edge> + '_ {
        self.graph.out_of(f).iter().map(|&i| &self.edges[i as usize])
    }

    /// Where a shape is constructed.
    pub fn constructions(&self, shape: Shape) -> &[SiteRef] {
        self.constructions.get(&shape).map_or(&[], Vec::as_slice)
    }

    /// What call sites pass for a parameter.
    pub fn args(&self, f: FnRef, n: u16) -> &[Arg] {
        self.param_args.get(&(f, n)).map_or(&[], SmallVec::as_slice)
    }

    /// Types with everything they inherit, by symbol.
    fn flatten_types(&mut self) {
        let models = &self.rulebook.models;
        for i in 0..models.types.len() {
            let ix = TypeIx(i as u32);
            for (depth, ty) in models.lineage(ix).into_iter().enumerate().rev() {
                let _ = depth;
                let ty = models.ty(ty);
                self.methods.extend(ty.methods.iter().map(|(name, model)| ((ix, Sym::of(name)), model)));
                self.events.extend(ty.events.iter().map(|(name, model)| ((ix, Sym::of(name)), model)));
                let member = |path: &Option<String>| path.as_ref().and_then(|it| models.type_at(it));
                let lives = ty.members.iter().filter_map(|(name, model)| Some(((ix, Sym::of(name)), model.lifetime?)));
                self.member_lifetimes.extend(lives);
                self.type_members.extend(ty.members.iter().map(|(name, model)| ((ix, Sym::of(name)), member(&model.r#type))));
            }
        }
    }

    /// The names around a place, outermost first: `Server.handle`.
    pub fn scope_name(&self, f: FnRef) -> String {
        let facts = self.facts(f.file);
        let mut names = Vec::new();
        let mut at = Some(f.id);
        while let Some(id) = at {
            let function = &facts.functions[id.index()];
            let name = facts.text(function.name);
            if !name.is_empty() {
                names.push(name.to_owned());
            }
            if let Some(class) = function.class.get() {
                let name = facts.text(facts.classes[class.index()].name);
                if !name.is_empty() {
                    names.push(name.to_owned());
                }
            }
            at = function.parent.get();
        }
        names.reverse();
        names.join(".")
    }
}

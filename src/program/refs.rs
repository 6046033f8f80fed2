//! Things of a file, named program-wide.

use crate::facts::{BindingId, ClassId, ExprId, FnId, RegionId};
use crate::text::FileId;

/// A function.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FnRef {
    /// Its file.
    pub file: FileId,
    /// Its id there.
    pub id: FnId,
}

impl FnRef {
    /// The module body of a file.
    pub fn module(file: FileId) -> FnRef {
        FnRef { file, id: FnId::MODULE }
    }

    /// Whether it is a module body.
    pub fn is_module(self) -> bool {
        self.id == FnId::MODULE
    }
}

/// A binding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BindingRef {
    /// Its file.
    pub file: FileId,
    /// Its id there.
    pub id: BindingId,
}

/// An expression, with the function that evaluates it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ExprRef {
    /// The function that evaluates it.
    pub within: FnRef,
    /// Its id in the file.
    pub id: ExprId,
}

impl ExprRef {
    /// An expression from its parts.
    pub fn new(within: FnRef, id: ExprId) -> ExprRef {
        ExprRef { within, id }
    }

    /// Its file.
    pub fn file(self) -> FileId {
        self.within.file
    }

    /// Another expression evaluated by the same function.
    pub fn with(self, id: ExprId) -> ExprRef {
        ExprRef { id, ..self }
    }
}

/// A site: an expression and the region that it runs in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SiteRef {
    /// The expression.
    pub expr: ExprRef,
    /// Its region in the file.
    pub region: RegionId,
}

/// What instances share: an ES class, a constructor function with its prototype, or one object literal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Shape {
    /// An ES class.
    Class(FileId, ClassId),
    /// A constructor function.
    Constructor(FileId, FnId),
    /// An object literal.
    Literal(FileId, ExprId),
}

impl Shape {
    /// The file that declares it.
    pub fn file(self) -> FileId {
        match self {
            Shape::Class(file, _) | Shape::Constructor(file, _) | Shape::Literal(file, _) => file,
        }
    }
}

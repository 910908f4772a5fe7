//! Staying up to date: an event stream that tells *that* something changed, and a pace at which the
//! page asks again *what*. Nothing from the wire is put on the screen.

use std::{cell::RefCell, rc::Rc, time::Duration};

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::EventSource;

/// How the stream does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Not open yet: on the server, without JavaScript, before hydration.
    Waiting,
    /// Open.
    Live,
    /// Was lost; the browser or we are trying again.
    Lost,
}

/// How long after a refused connection we try again. Broken ones are the browser's to mend.
const RETRY: Duration = Duration::from_secs(3);

/// Listens to `url` while the calling component lives. `told` is called for every event of one of
/// the `names`, and whenever the stream (re)opens, because what happened meanwhile is unknown.
pub fn use_event_stream(
    url: &'static str,
    names: &'static [&'static str],
    told: impl Fn() + Clone + 'static,
) -> ReadSignal<Link> {
    let (link, set_link) = signal(Link::Waiting);
    Effect::new(move |_| {
        let open = Rc::new(RefCell::new(None));
        listen(url, names, told.clone(), set_link, Rc::clone(&open));
        let open = StoredValue::new_local(open);
        on_cleanup(move || open.with_value(|open| drop(open.take())));
    });
    link
}

/// An open stream with what it calls; closed when dropped.
struct Listening {
    source: EventSource,
    _calls: [Closure<dyn FnMut()>; 3],
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.source.close();
    }
}

type Slot = Rc<RefCell<Option<Listening>>>;

fn listen(
    url: &'static str,
    names: &'static [&'static str],
    told: impl Fn() + Clone + 'static,
    link: WriteSignal<Link>,
    slot: Slot,
) {
    let Ok(source) = EventSource::new(url) else {
        return;
    };
    let on_event = Closure::<dyn FnMut()>::new(told.clone());
    let on_open = {
        let told = told.clone();
        Closure::<dyn FnMut()>::new(move || {
            link.set(Link::Live);
            told();
        })
    };
    let on_error = {
        let (source, slot) = (source.clone(), Rc::downgrade(&slot));
        Closure::<dyn FnMut()>::new(move || {
            link.set(Link::Lost);
            if source.ready_state() != EventSource::CLOSED {
                return;
            }
            let (told, slot) = (told.clone(), slot.clone());
            set_timeout(
                move || {
                    if let Some(slot) = slot.upgrade().filter(|slot| slot.borrow().is_some()) {
                        listen(url, names, told, link, slot);
                    }
                },
                RETRY,
            );
        })
    };
    source.set_onopen(Some(on_open.as_ref().unchecked_ref()));
    source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
    for name in names {
        let added =
            source.add_event_listener_with_callback(name, on_event.as_ref().unchecked_ref());
        debug_assert!(added.is_ok(), "listening to {name}");
    }
    slot.replace(Some(Listening {
        source,
        _calls: [on_event, on_open, on_error],
    }));
}

/// How long changes are collected before they are asked for.
const COLLECT: Duration = Duration::from_millis(50);

/// Repeats a request on demand: at most one under way and one waiting behind it, however often it
/// is asked for.
#[derive(Clone, Copy)]
pub struct Pace(StoredValue<Step>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Idle,
    Collecting,
    Busy,
    BusyAndAsked,
}

impl Default for Pace {
    fn default() -> Self {
        Self(StoredValue::new(Step::Idle))
    }
}

impl Pace {
    /// Runs `request` soon.
    pub fn ask<F>(self, request: impl Fn() -> F + Clone + 'static)
    where
        F: Future<Output = ()> + 'static,
    {
        match self.0.try_get_value() {
            Some(Step::Idle) => {
                self.0.set_value(Step::Collecting);
                set_timeout(move || self.run(request), COLLECT);
            }
            Some(Step::Busy) => self.0.set_value(Step::BusyAndAsked),
            Some(Step::Collecting | Step::BusyAndAsked) | None => {}
        }
    }

    fn run<F>(self, request: impl Fn() -> F + 'static)
    where
        F: Future<Output = ()> + 'static,
    {
        spawn_local(async move {
            loop {
                if self.0.try_set_value(Step::Busy).is_some() {
                    return; // the page is gone
                }
                request().await;
                if self.0.try_get_value() != Some(Step::BusyAndAsked) {
                    break;
                }
            }
            self.0.try_set_value(Step::Idle);
        });
    }
}

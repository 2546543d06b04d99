//! The reader: a book, open at a passage, with its chapters and the way from match to match.

use std::sync::Arc;

use boxed_view::{CollectView, IntoView, RwSignal, Signal, StoredValue, View, memo, spawn, view};
use leptos::ev::{keydown, scroll};
use leptos::prelude::*;
use shared::{Book, Chapter};

use crate::address::Address;
use crate::components::link::Link;
use crate::components::notice::failed;
use crate::components::reader_text::ReaderText;
use crate::components::search_form::is_typed_into_field;
use crate::frame;
use crate::loading;
use crate::matches::{self, Direction};
use crate::reading::{Part, Reading};
use crate::session::Session;
use crate::state::{Failure, Place, Question, Spot, by_line};
use crate::wording;

/// Parts that are looked through for another match before the user is asked to go on.
const PARTS_AT_ONCE: usize = 8;

/// What the reader holds.
#[derive(Clone, Copy)]
struct Reader {
    place: StoredValue<Place>,
    reading: RwSignal<Option<Result<Reading, Failure>>>,
    /// More text is on its way.
    busy: RwSignal<bool>,
    /// Why more text could not be loaded.
    trouble: RwSignal<Option<Failure>>,
    /// Where the user is among the matches, in words.
    told: RwSignal<String>,
}

/// The reader page.
#[component]
pub(crate) fn Reader(place: Place) -> View {
    let session = expect_context::<Session>();
    session.want_books();
    let reader = Reader {
        place: StoredValue::new(place),
        reading: RwSignal::new(None),
        busy: RwSignal::new(false),
        trouble: RwSignal::new(None),
        told: RwSignal::new(String::new()),
    };
    reader.open();
    let keys = window_event_listener(keydown, move |event| {
        if is_typed_into_field(&event) {
            return;
        }
        match event.key().as_str() {
            "n" => reader.go(Direction::Next),
            "p" => reader.go(Direction::Previous),
            _ => {}
        }
    });
    let scrolling = window_event_listener(scroll, move |_| {
        let is_settled = reader.trouble.with_untracked(Option::is_none);
        if is_settled && matches::is_near_the_end() {
            spawn(async move {
                reader.extend(Direction::Next).await;
            });
        }
    });
    on_cleanup(move || {
        keys.remove();
        scrolling.remove();
    });
    // The text grows part by part; what stands around it is drawn once.
    let opened = memo(move || {
        reader.reading.with(|reading| {
            reading
                .as_ref()
                .map(|reading| reading.as_ref().map(|_| ()).map_err(Failure::clone))
        })
    });
    let shown = move || match opened.get() {
        None => {
            view! { <h1 class="page">{reader.place.with_value(|place| session.title_of(&place.id))}</h1> }
        }
        Some(Ok(())) => reader.shown(),
        Some(Err(failure)) => view! {
            <h1 class="page">"This book cannot be opened here"</h1>
            <div role="alert">{failed("Nothing to read", failure, move || reader.open())}</div>
            <p class="note">
                <Link to=|| Address::Books>"All books"</Link>
            </p>
        },
    };
    shown.into_view()
}

impl Reader {
    fn open(self) {
        spawn(async move {
            let place = self.place.get_value();
            let opened = loading::load_book(&place).await;
            if !self.reading.try_set(Some(opened)) {
                // The user has left.
                return;
            }
            frame::next().await;
            if self.reading.try_get_untracked().is_some() {
                matches::show_passage();
                self.tell();
            }
        });
    }

    fn shown(self) -> View {
        let Some(Ok(reading)) = self.reading.get_untracked() else {
            return ().into_view();
        };
        let current = reading.chapter().map(|chapter| chapter.from);
        let passage = reading.passage;
        view! {
            {head(reading.book.book)} {self.tools()} <div class="reader">
                {self.chapters(reading.book.chapters, current)} <article class="text" lang="en">
                    {self.more(Direction::Previous)}
                    <ReaderText parts=self.parts() passage=passage /> {self.more(Direction::Next)}
                </article>
            </div>
        }
    }

    fn parts(self) -> Signal<Vec<Arc<Part>>> {
        Signal::derive(move || {
            self.reading.with(|reading| match reading {
                Some(Ok(reading)) => reading.parts.clone(),
                _ => Vec::new(),
            })
        })
    }

    /// The way from match to match; not there where nothing was searched for.
    fn tools(self) -> Option<View> {
        let query = self.place.with_value(|place| place.query.trim().to_owned());
        (!query.is_empty()).then(|| {
            view! {
                <div class="matches">
                    <q>{query}</q>
                    <span role="status">{move || self.told.get()}</span>
                    <button
                        type="button"
                        aria-keyshortcuts="p"
                        on:click=move |_| self.go(Direction::Previous)
                    >
                        "Previous"
                        <span>" match"</span>
                        <kbd aria-hidden="true">"p"</kbd>
                    </button>
                    <button
                        type="button"
                        aria-keyshortcuts="n"
                        on:click=move |_| self.go(Direction::Next)
                    >
                        "Next"
                        <span>" match"</span>
                        <kbd aria-hidden="true">"n"</kbd>
                    </button>
                </div>
            }
        })
    }

    fn chapters(self, chapters: Vec<Chapter>, current: Option<usize>) -> Option<View> {
        let unfolded = RwSignal::new(false);
        let is_there = !chapters.is_empty();
        let links = chapters.into_iter().map(move |chapter| {
            let spot = Spot::Passage {
                from: chapter.from as u64,
                to: chapter.from as u64,
            };
            let there = move || {
                Address::Reader(Place {
                    spot,
                    ..self.place.get_value()
                })
            };
            let is_current = current == Some(chapter.from);
            view! {
                <li>
                    <Link to=there current=Signal::stored(is_current)>
                        {chapter.title}
                    </Link>
                </li>
            }
        });
        is_there.then(|| {
            view! {
                <nav class="chapters" aria-label="Chapters" class:unfolded=unfolded>
                    <button
                        type="button"
                        aria-expanded=move || unfolded.get().to_string()
                        on:click=move |_| unfolded.update(|unfolded| *unfolded = !*unfolded)
                    >
                        "Chapters"
                    </button>
                    <ol>{links.collect_view()}</ol>
                </nav>
            }
        })
    }

    /// A button for more text at one end; not there at the end of the book.
    fn more(self, direction: Direction) -> View {
        let is_there = memo(move || {
            self.reading.with(|reading| match (reading, direction) {
                (Some(Ok(reading)), Direction::Next) => reading.later().is_some(),
                (Some(Ok(reading)), Direction::Previous) => reading.earlier().is_some(),
                _ => false,
            })
        });
        let label = match direction {
            Direction::Next => "Later",
            Direction::Previous => "Earlier",
        };
        let extend = move || {
            spawn(async move {
                self.extend(direction).await;
            });
        };
        let shown = move || {
            is_there.get().then(|| {
                view! {
                    <div class="rest" aria-busy=move || self.busy.get().to_string()>
                        {move || match self.trouble.get() {
                            Some(failure) => {
                                view! { <div role="alert">{failed("The text cannot be loaded", failure, extend)}</div> }
                            }
                            None => {
                                view! {
                                    <button type="button" on:click=move |_| extend()>
                                        {label}
                                    </button>
                                }
                            }
                        }}
                    </div>
                }
            })
        };
        shown.into_view()
    }

    /// Goes to another match; loads more text while there is none in that which is there.
    fn go(self, direction: Direction) {
        spawn(async move {
            for _ in 0..PARTS_AT_ONCE {
                if matches::go(direction) {
                    self.tell();
                    return;
                }
                if !self.extend(direction).await {
                    break;
                }
            }
            let is_more = match self.reading.try_get_untracked().flatten() {
                Some(Ok(reading)) => match direction {
                    Direction::Next => reading.later().is_some(),
                    Direction::Previous => reading.earlier().is_some(),
                },
                _ => return,
            };
            self.told
                .set(wording::reader::no_match(direction == Direction::Next, is_more).to_owned());
        });
    }

    /// Loads what stands before or after that which is there; false when nothing was added.
    async fn extend(self, direction: Direction) -> bool {
        let wanted = self
            .reading
            .with_untracked(|reading| match (reading, direction) {
                (Some(Ok(reading)), Direction::Next) => reading.later(),
                (Some(Ok(reading)), Direction::Previous) => reading.earlier(),
                _ => None,
            });
        let Some(wanted) = wanted.filter(|_| !self.busy.get_untracked()) else {
            return false;
        };
        self.busy.set(true);
        self.trouble.set(None);
        let loaded = loading::load_text(&self.place.get_value(), wanted).await;
        if !self.busy.try_set(false) {
            // The user has left.
            return false;
        }
        match loaded {
            Ok(text) => {
                let below = matches::height_below();
                self.reading.update(|reading| {
                    if let Some(Ok(reading)) = reading {
                        reading.take(&text);
                    }
                });
                frame::next().await;
                if direction == Direction::Previous {
                    matches::restore_height_below(below);
                }
                self.tell();
                true
            }
            Err(failure) => {
                self.trouble.set(Some(failure));
                false
            }
        }
    }

    fn tell(self) {
        let (here, count) = matches::position();
        self.told.try_set(wording::reader::position(here, count));
    }
}

fn head(book: Book) -> View {
    let by = by_line(book.author.as_deref(), book.year);
    let id = StoredValue::new(book.id);
    let inside = move || {
        Address::Search(Question {
            book: Some(id.get_value()),
            ..Question::default()
        })
    };
    view! {
        <h1 class="page">{book.title}</h1>
        <p class="sum">{by} " · " <Link to=inside>"Search in this book"</Link></p>
    }
}

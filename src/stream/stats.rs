//! What the tables of this layer count.

macro_rules! counters {
    ($($(#[$struct_doc:meta])* $name:ident { $($(#[$doc:meta])* $field:ident,)* })*) => {
        $(
            $(#[$struct_doc])*
            #[derive(Clone, Debug, Default, Eq, PartialEq)]
            pub struct $name {
                $($(#[$doc])* pub $field: u64,)*
            }
        )*
    };
}

counters! {
    /// What a [`Defragmenter`](super::Defragmenter) counts.
    DefragStats {
        /// Fragments that came.
        fragments,
        /// Packets made whole.
        complete,
        /// Packets given up of which the first fragment was there.
        lost,
        /// Packets given up of which the first fragment was not there.
        orphans,
        /// Fragments that were there already, the same octets at the same place.
        duplicates,
        /// Packets in which fragments overlap otherwise.
        overlaps,
        /// Fragments that cannot be: too long, not in eights, behind the end or with another end.
        malformed,
        /// Packets given up because too many were open or held too much.
        evicted,
    }

    /// What [`Streams`](super::Streams) count.
    StreamStats {
        /// Streams, that is directions with data of TCP connections, a new one for each SYN.
        streams,
        /// SYNs that began something.
        syns,
        /// FINs, without retransmitted ones.
        fins,
        /// RSTs.
        resets,
        /// Segments with data.
        segments,
        /// Octets of data, all copies.
        octets,
        /// Segments that came after a later one.
        out_of_order,
        /// Segments of which all octets had been there.
        retransmissions,
        /// Segments of which some octets had been there.
        overlaps,
        /// Overlapping octets that differed, by segment; the first to come stayed.
        overlap_conflicts,
        /// Keep-alive probes of TCP.
        probes,
        /// Segments nowhere near the others of their stream.
        out_of_window,
        /// Holes: octets of a stream that were not captured, or later than they were waited for.
        holes,
        /// Octets in them.
        lost_octets,
        /// Holes given up because they were not filled in time.
        reorder_timeouts,
        /// Holes given up because too much was held.
        evicted_holes,
        /// Directions forgotten after a silence.
        idle_timeouts,
        /// Directions forgotten because there were too many.
        evicted_directions,
        /// Messages in the making given up because too much was held.
        evicted_messages,
        /// Messages.
        messages,
        /// How often the next message had to be searched for.
        resyncs,
        /// Octets passed over in search of the next message.
        skipped_octets,
        /// Start lines of which the message could not be read.
        unreadable,
        /// Keep-alives of two line ends or more (RFC 5626 §3.5.1).
        pings,
        /// Answers to them: one line end.
        pongs,
        /// Streams given up as TLS.
        tls,
        /// Streams given up as HTTP.
        http,
        /// Streams given up as something else.
        other,
        /// Streams that became WebSockets.
        websockets,
        /// WebSocket messages.
        websocket_messages,
        /// WebSocket messages that could not be decompressed.
        websocket_undecodable,
    }

    /// What [`Associations`](super::Associations) count.
    AssociationStats {
        /// SCTP packets.
        packets,
        /// Chunks with data.
        data_chunks,
        /// Chunks with data that had been there.
        retransmissions,
        /// User messages made of several chunks.
        reassembled,
        /// Chunks given up because others of their message did not come in time or held too much.
        lost_chunks,
        /// Packets with a chunk that does not fit.
        malformed,
        /// SIP messages.
        messages,
        /// User messages that are not SIP.
        other,
        /// Directions forgotten because there were too many.
        evicted,
    }
}

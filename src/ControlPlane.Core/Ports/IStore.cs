using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Ports;

/// <summary>
/// Where desired state survives. The port speaks of batches and revisions only, so that a store that many hosts share can
/// stand behind it as well as a local file.
/// </summary>
public interface IStore : IDisposable
{
    /// <summary>All that is stored, as of one revision.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    StoredState Load();

    /// <summary>
    /// Makes all changes of the batch durable in one transaction, or none. When it returns, they survive a crash of the
    /// process and of the host.
    /// </summary>
    /// <exception cref="StoreException">Nothing was changed. The next call may succeed: a full disk can be cleared.</exception>
    /// <exception cref="StoreOutcomeException">It is not known whether the changes are durable.</exception>
    void Commit(StoreBatch batch);

    /// <summary>Checks that a commit could be made durable now, and makes no change. For the writer's thread.</summary>
    /// <exception cref="StoreException">A commit could not be made durable.</exception>
    /// <exception cref="StoreOutcomeException">It is not known whether the changes of an earlier commit are durable.</exception>
    void Verify()
    {
    }

    /// <summary>
    /// Does a part of the work that commits leave for later, a few milliseconds of it. Nothing that was committed depends on it. For the
    /// writer's thread.
    /// </summary>
    /// <returns>Whether there is more to do now.</returns>
    /// <exception cref="StoreOutcomeException">The store cannot be flushed, and must not be used again.</exception>
    bool Settle() => false;

    /// <summary>The changes that the store keeps.</summary>
    IChangeHistory History => NoHistory.Instance;
}

/// <summary>All that a store has.</summary>
/// <param name="Revision">The revision it is of; 0 for a store that is new.</param>
/// <param name="Devmaps">
/// The devmaps whose entries it has, even if none. Of another devmap of the configuration, what is pinned in the kernel is all there is to know,
/// and is taken over.
/// </param>
/// <param name="Entries">The entries.</param>
/// <param name="Attachments">The attachments.</param>
/// <param name="Programs">The egress programs.</param>
/// <param name="Promiscuous">The interfaces that the daemon made promiscuous. Not desired state: it says what to undo.</param>
/// <param name="Tokens">The tokens.</param>
public sealed record StoredState(
    long Revision,
    IReadOnlyCollection<DevmapRecord> Devmaps,
    IReadOnlyList<EntryRecord> Entries,
    IReadOnlyList<AttachmentRecord> Attachments,
    IReadOnlyList<EgressProgramRecord> Programs,
    IReadOnlyList<StoredPromiscuity> Promiscuous,
    IReadOnlyList<TokenRecord> Tokens)
{
    /// <summary>The calls that their callers have marked with keys, in the order in which they were made.</summary>
    public IReadOnlyList<KeyedCall> Calls { get; init; } = [];

    /// <summary>The items that have happened, of calls without an answer.</summary>
    public IReadOnlyList<CallPart> CallParts { get; init; } = [];

    /// <summary>The leases. Their times are not stored.</summary>
    public IReadOnlyList<LeaseRecord> Leases { get; init; } = [];
}

/// <summary>An interface that the daemon made promiscuous.</summary>
/// <param name="Ifindex">The index, which means the interface within one boot and network namespace only.</param>
/// <param name="Interface">The name it had then.</param>
public sealed record StoredPromiscuity(uint Ifindex, string Interface);

/// <summary>Changes that become durable together.</summary>
/// <param name="Revision">The store's revision after them: higher than before if the desired state changes, and never lower.</param>
/// <param name="Changes">The changes, in order of their revisions.</param>
public sealed record StoreBatch(long Revision, IReadOnlyList<StoreChange> Changes)
{
    /// <summary>When they are stored.</summary>
    public DateTimeOffset Time { get; init; }
}

/// <summary>One change of the desired state, or of what the daemon must know besides.</summary>
public abstract record StoreChange
{
    private StoreChange()
    {
    }

    /// <summary>Whether the desired state changes. No history shows other changes.</summary>
    public bool IsOfDesiredState => this is not (PutPromiscuity or DeletePromiscuity or PutCall or DeleteCall or PutCallPart or DeleteCallPart);

    /// <summary>The resource of the desired state that changes; null for what is no part of it.</summary>
    public virtual ChangedResource? Resource => null;

    /// <summary>The desired state before; null if there was none.</summary>
    public IDesiredRecord? Before { get; init; }

    /// <summary>The desired state after; null if the resource is deleted.</summary>
    public virtual IDesiredRecord? After => null;

    /// <summary>The revision of the change; 0 for that of the commit.</summary>
    public long Revision { get; init; }

    /// <summary>Who made the change; null for the daemon.</summary>
    public ChangeOrigin? Origin { get; init; }

    /// <summary>
    /// The revision of a change that the kernel refused before any reader saw it, and that this change takes back; 0 for none. It is part of
    /// the next commit but for changes that are no part of the desired state.
    /// </summary>
    public long Voids { get; init; }

    /// <summary>Stores this devmap. A devmap without a record before is new: nothing is stored in it.</summary>
    public sealed record PutDevmap(DevmapRecord Devmap) : StoreChange
    {
        /// <inheritdoc/>
        public override ChangedResource Resource => new(ChangedKind.Devmap, Devmap.Name, null, null);

        /// <inheritdoc/>
        public override IDesiredRecord After => Devmap;
    }

    /// <summary>Deletes this devmap, with all that is stored in it: entries, attachments, and swaps.</summary>
    public sealed record DeleteDevmap(string Name) : StoreChange
    {
        /// <inheritdoc/>
        public override ChangedResource Resource => new(ChangedKind.Devmap, Name, null, null);
    }

    /// <summary>Stores this entry.</summary>
    public sealed record PutEntry(EntryRecord Entry) : StoreChange
    {
        /// <inheritdoc/>
        public override ChangedResource Resource => new(ChangedKind.Entry, Entry.Devmap, Entry.Key, null);

        /// <inheritdoc/>
        public override IDesiredRecord After => Entry;
    }

    /// <summary>Deletes this entry.</summary>
    public sealed record DeleteEntry(string Devmap, EntryKey Key) : StoreChange
    {
        /// <inheritdoc/>
        public override ChangedResource Resource => new(ChangedKind.Entry, Devmap, Key, null);
    }

    /// <summary>Stores this egress program for all entries that the swap covers, with their revisions and times. One small record, however many entries.</summary>
    public sealed record PutSwap(SwapRecord Swap) : StoreChange
    {
        /// <inheritdoc/>
        public override ChangedResource Resource => new(ChangedKind.InterfaceProgram, Swap.Devmap, null, Swap.Interface);

        /// <inheritdoc/>
        public override IDesiredRecord After => Swap;

        /// <summary>How many entries the swap covers.</summary>
        public int Entries { get; init; }
    }

    /// <summary>Stores this attachment.</summary>
    public sealed record PutAttachment(AttachmentRecord Attachment) : StoreChange
    {
        /// <inheritdoc/>
        public override ChangedResource Resource => new(ChangedKind.Attachment, Attachment.Devmap, null, Attachment.Interface);

        /// <inheritdoc/>
        public override IDesiredRecord After => Attachment;
    }

    /// <summary>Deletes this attachment.</summary>
    public sealed record DeleteAttachment(string Devmap, string Interface) : StoreChange
    {
        /// <inheritdoc/>
        public override ChangedResource Resource => new(ChangedKind.Attachment, Devmap, null, Interface);
    }

    /// <summary>Stores this egress program.</summary>
    public sealed record PutProgram(EgressProgramRecord Program) : StoreChange
    {
        /// <inheritdoc/>
        public override ChangedResource Resource => new(ChangedKind.Program, null, null, Program.Name);

        /// <inheritdoc/>
        public override IDesiredRecord After => Program;
    }

    /// <summary>Deletes this egress program.</summary>
    public sealed record DeleteProgram(string Name) : StoreChange
    {
        /// <inheritdoc/>
        public override ChangedResource Resource => new(ChangedKind.Program, null, null, Name);
    }

    /// <summary>The daemon makes this interface promiscuous.</summary>
    public sealed record PutPromiscuity(StoredPromiscuity Promiscuity) : StoreChange;

    /// <summary>Stores this token.</summary>
    public sealed record PutToken(TokenRecord Token) : StoreChange
    {
        /// <inheritdoc/>
        public override ChangedResource Resource => new(ChangedKind.Token, null, null, Token.Name);

        /// <inheritdoc/>
        public override IDesiredRecord After => Token;
    }

    /// <summary>Deletes this token.</summary>
    public sealed record DeleteToken(string Name) : StoreChange
    {
        /// <inheritdoc/>
        public override ChangedResource Resource => new(ChangedKind.Token, null, null, Name);
    }

    /// <summary>Stores this call. A call with an answer has no parts.</summary>
    public sealed record PutCall(KeyedCall Call) : StoreChange;

    /// <summary>Deletes this call and its parts.</summary>
    public sealed record DeleteCall(CallId Id) : StoreChange;

    /// <summary>Stores this item of a call.</summary>
    public sealed record PutCallPart(CallPart Part) : StoreChange;

    /// <summary>Deletes this item of a call.</summary>
    public sealed record DeleteCallPart(CallId Id, int Item) : StoreChange;

    /// <summary>The promiscuity of this interface is none of the daemon's any more.</summary>
    public sealed record DeletePromiscuity(uint Ifindex) : StoreChange;

    /// <summary>Stores this lease.</summary>
    public sealed record PutLease(LeaseRecord Lease) : StoreChange
    {
        /// <inheritdoc/>
        public override ChangedResource Resource => new(ChangedKind.Lease, null, null, Lease.Name);

        /// <inheritdoc/>
        public override IDesiredRecord After => Lease;
    }

    /// <summary>Deletes this lease, and no entry or attachment: they are changes of their own.</summary>
    public sealed record DeleteLease(string Name) : StoreChange
    {
        /// <inheritdoc/>
        public override ChangedResource Resource => new(ChangedKind.Lease, null, null, Name);
    }
}

/// <summary>The store refused, and nothing was changed.</summary>
/// <param name="message">The failure, with the path and the store's own words.</param>
/// <param name="inner">The store's own exception.</param>
public sealed class StoreException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>A failure of the catalogue.</summary>
    public StoreException(Error error) : this(error.Detail) => Error = error;

    /// <summary>The failure, if it is one of the catalogue.</summary>
    public Error? Error { get; }

    /// <summary>Whether the store's files are not those that the daemon opened: removed, replaced, cut short or overwritten.</summary>
    public bool FilesLost { get; init; }
}

/// <summary>
/// A commit failed in such a way that its changes may be durable or not. The store must not be used again in this process: the next start
/// reads what is durable.
/// </summary>
/// <param name="message">The failure, with the path and the store's own words.</param>
/// <param name="inner">The store's own exception.</param>
public sealed class StoreOutcomeException(string message, Exception? inner = null) : Exception(message, inner);

using Devmapd.V1;

namespace ControlPlane.Client;

/// <summary>
/// All calls of a daemon. <see cref="DevmapdClient"/> makes them; tests can have an implementation of their own. Every failed call throws
/// <see cref="DevmapdException"/>, and a cancelled one <see cref="OperationCanceledException"/>.
/// </summary>
public interface IDevmapClient
{
    /// <summary>Lists all devmaps, in order of their names.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<IReadOnlyList<Devmap>> ListDevmapsAsync(CancellationToken cancellationToken = default);

    /// <summary>Returns a devmap.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<Devmap> GetDevmapAsync(string devmap, CancellationToken cancellationToken = default);

    /// <summary>Makes a devmap, or changes it while frames flow. Returns when it is durable and in the kernel.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="spec">The desired state.</param>
    /// <param name="expectedRevision">The spec revision that the devmap must have; 0 if it must not exist; null for no precondition.</param>
    /// <param name="force">Whether a devmap of another owner may be changed.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<Devmap> PutDevmapAsync(
        string devmap, DevmapSpec spec, long? expectedRevision = null, bool force = false, CancellationToken cancellationToken = default);

    /// <summary>Deletes a devmap, with all that is in it.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="expectedRevision">The spec revision that it must have; null for no precondition.</param>
    /// <param name="owner">Its owner; null for none.</param>
    /// <param name="force">Whether a devmap that is attached to interfaces, or of another owner, may be deleted.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task DeleteDevmapAsync(
        string devmap,
        long? expectedRevision = null,
        string? owner = null,
        bool force = false,
        CancellationToken cancellationToken = default);

    /// <summary>Returns the whole desired state of the host, as one document of one moment.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevmapdException">The daemon refused, or the connection broke.</exception>
    Task<StateDocument> ExportStateAsync(CancellationToken cancellationToken = default);

    /// <summary>Makes the whole desired state that of a document, one part after the other, or plans that.</summary>
    /// <param name="request">The document and the options.</param>
    /// <param name="cancellationToken">Ends the wait; the rest may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer. The parts before stay.</exception>
    Task<ApplyStateResponse> ApplyStateAsync(ApplyStateRequest request, CancellationToken cancellationToken = default);

    /// <summary>Returns how the entries of a devmap lie in the kernel's hash, and what that costs.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<GetDevmapShapeResponse> GetDevmapShapeAsync(string devmap, CancellationToken cancellationToken = default);

    /// <summary>Compares the kernel with the desired state now.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="repair">Whether differences are repaired; null for the setting of the daemon.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<AuditDevmapResponse> AuditDevmapAsync(string devmap, bool? repair = null, CancellationToken cancellationToken = default);

    /// <summary>Explains what happens to a frame, check by check. Nothing is sent or changed.</summary>
    /// <param name="request">The devmap, and a key or a frame.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<Explanation> ExplainAsync(ExplainRequest request, CancellationToken cancellationToken = default);

    /// <summary>Lists entries. Each page is requested when the one before has been read.</summary>
    /// <param name="request">The devmap and the filters. The stream sets the page tokens of a copy.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <exception cref="DevmapdException">A page could not be read.</exception>
    IAsyncEnumerable<Entry> ListEntriesAsync(ListEntriesRequest request, CancellationToken cancellationToken = default);

    /// <summary>Lists entries by one stream: the daemon reads a page when the one before has been read.</summary>
    /// <param name="request">The devmap and the filters.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <exception cref="DevmapdException">The daemon refused the list, or the connection broke.</exception>
    IAsyncEnumerable<Entry> StreamEntriesAsync(StreamEntriesRequest request, CancellationToken cancellationToken = default);

    /// <summary>Lists the counters of entries. Each page is requested when the one before has been read.</summary>
    /// <param name="request">The devmap and the filters. The stream sets the page tokens of a copy.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <exception cref="DevmapdException">A page could not be read.</exception>
    IAsyncEnumerable<EntryCounters> ListCountersAsync(ListCountersRequest request, CancellationToken cancellationToken = default);

    /// <summary>Returns an entry with its status as of now.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="key">The key in any of its text forms.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<Entry> GetEntryAsync(string devmap, string key, CancellationToken cancellationToken = default);

    /// <summary>Creates or changes an entry. Returns when the entry is durable and in the kernel, or Pending if that is allowed.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="key">The key in any of its text forms.</param>
    /// <param name="spec">The desired state.</param>
    /// <param name="allowPending">Whether interfaces may be missing.</param>
    /// <param name="expectedRevision">The revision that the entry must have; 0 if it must not exist; null for no precondition.</param>
    /// <param name="force">Whether an entry of another owner may be changed.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<Entry> PutEntryAsync(
        string devmap,
        string key,
        EntrySpec spec,
        bool allowPending = false,
        long? expectedRevision = null,
        bool force = false,
        CancellationToken cancellationToken = default);

    /// <summary>Creates or changes an entry, and waits until it forwards if the request says so. The deadline of the call comes that much later.</summary>
    /// <param name="request">The entry and the options.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <returns>The entry, and whether it forwards at the end of the wait.</returns>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<PutEntryResponse> PutEntryAsync(PutEntryRequest request, CancellationToken cancellationToken = default);

    /// <summary>Deletes an entry. Returns when the entry is out of the kernel.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="key">The key in any of its text forms.</param>
    /// <param name="expectedRevision">The revision that it must have; null for no precondition.</param>
    /// <param name="owner">Its owner; null for none.</param>
    /// <param name="force">Whether an entry of another owner may be deleted.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task DeleteEntryAsync(
        string devmap,
        string key,
        long? expectedRevision = null,
        string? owner = null,
        bool force = false,
        CancellationToken cancellationToken = default);

    /// <summary>Writes several entries in one call.</summary>
    /// <param name="mode">Whether the items happen together, or each on its own. The results say then what became of each.</param>
    /// <param name="items">The items: at most 1,000 together, at most 10,000 each on its own.</param>
    /// <param name="allowPending">Whether interfaces may be missing.</param>
    /// <param name="idempotencyKey">Marks the call: a repeat with the same key within a day gets the first answer, and changes nothing. Null for a random one, so that the client can repeat the call itself.</param>
    /// <param name="force">Whether entries of other owners may be changed and deleted.</param>
    /// <param name="cancellationToken">Ends the wait; writes may still happen.</param>
    /// <returns>The result of each item, in order.</returns>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<IReadOnlyList<BatchResult>> ApplyEntriesAsync(
        BatchMode mode,
        IEnumerable<BatchItem> items,
        bool allowPending = false,
        string? idempotencyKey = null,
        bool force = false,
        CancellationToken cancellationToken = default);

    /// <summary>Writes several entries in one call, and waits until they forward if the request says so.</summary>
    /// <param name="request">The items and the options. Without an idempotency key it gets a random one, so that the client can repeat the call.</param>
    /// <param name="cancellationToken">Ends the wait; writes may still happen.</param>
    /// <returns>The result of each item, in order, and whether the entries forward at the end of the wait.</returns>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<ApplyEntriesResponse> ApplyEntriesAsync(ApplyEntriesRequest request, CancellationToken cancellationToken = default);

    /// <summary>Writes batches by one stream. An answer comes when its batch is durable and in the kernel. Batches are taken as fast as the daemon writes them, a few ahead.</summary>
    /// <param name="batches">The batches, each of at most 10,000 items, or 1,000 if atomic, and 4 MiB.</param>
    /// <param name="cancellationToken">Ends the stream. Batches that are on the way may happen all the same.</param>
    /// <returns>The answers, in the order of the batches.</returns>
    /// <exception cref="DevmapdException">A batch was refused as a whole, or the connection broke. The batches that were answered have happened.</exception>
    IAsyncEnumerable<WriteEntriesResponse> WriteEntriesAsync(
        IAsyncEnumerable<WriteEntriesRequest> batches, CancellationToken cancellationToken = default);

    /// <summary>Makes the entries of a devmap, or of the scope of the request, those of the request; or says what would happen.</summary>
    /// <param name="request">The devmap, the scope, the entries and the options. It may have 4 MiB.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <returns>How many entries were created, changed and deleted, those that do not forward, and in a dry run the plan.</returns>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<ReplaceEntriesResponse> ReplaceEntriesAsync(ReplaceEntriesRequest request, CancellationToken cancellationToken = default);

    /// <summary>Has the table stay that waits for its confirmation.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="cancellationToken">Ends the wait; the table may still stay.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<Confirmation> ConfirmEntriesAsync(string devmap, CancellationToken cancellationToken = default);

    /// <summary>Takes the table back that waits for its confirmation.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="cancellationToken">Ends the wait; the table may still be taken back.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<Confirmation> CancelEntriesAsync(string devmap, CancellationToken cancellationToken = default);

    /// <summary>Waits until every selected entry forwards, or until the time of the request is over.</summary>
    /// <param name="request">The selector, and the longest wait: 30 s unless it says another. The deadline of the call comes that much later.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether all of them forward, and at most 100 that do not, with the reasons.</returns>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<WaitEntriesResponse> WaitEntriesAsync(WaitEntriesRequest request, CancellationToken cancellationToken = default);

    /// <summary>Sends real frames to an entry and returns what became of them. The daemon must allow probes.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="key">The key in any of its text forms.</param>
    /// <param name="frames">How many, 1 .. 100; 10 unless given.</param>
    /// <param name="cancellationToken">Ends the wait; the frames may still be sent.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<Probe> ProbeEntryAsync(string devmap, string key, uint? frames = null, CancellationToken cancellationToken = default);

    /// <summary>Lists the attachments of a devmap, in order of the interfaces' names.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<IReadOnlyList<Attachment>> ListAttachmentsAsync(string devmap, CancellationToken cancellationToken = default);

    /// <summary>Returns an attachment.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="interfaceName">The name of the ingress interface.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<Attachment> GetAttachmentAsync(string devmap, string interfaceName, CancellationToken cancellationToken = default);

    /// <summary>Attaches a devmap's redirect program to an interface, or changes the attachment.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="interfaceName">The name of the ingress interface.</param>
    /// <param name="spec">The desired state.</param>
    /// <param name="allowPending">Whether the interface may be missing.</param>
    /// <param name="expectedRevision">The revision that the attachment must have; 0 if it must not exist; null for no precondition.</param>
    /// <param name="force">Whether an attachment of another owner may be changed.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<Attachment> PutAttachmentAsync(
        string devmap,
        string interfaceName,
        AttachmentSpec spec,
        bool allowPending = false,
        long? expectedRevision = null,
        bool force = false,
        CancellationToken cancellationToken = default);

    /// <summary>Detaches a devmap's redirect program from an interface.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="interfaceName">The name of the ingress interface.</param>
    /// <param name="expectedRevision">The revision that it must have; null for no precondition.</param>
    /// <param name="owner">Its owner; null for none.</param>
    /// <param name="force">Whether an attachment of another owner may be deleted.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task DeleteAttachmentAsync(
        string devmap,
        string interfaceName,
        long? expectedRevision = null,
        string? owner = null,
        bool force = false,
        CancellationToken cancellationToken = default);

    /// <summary>Lists all egress programs, in order of their names.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<IReadOnlyList<EgressProgram>> ListProgramsAsync(CancellationToken cancellationToken = default);

    /// <summary>Returns an egress program.</summary>
    /// <param name="program">The name of the program.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<EgressProgram> GetProgramAsync(string program, CancellationToken cancellationToken = default);

    /// <summary>Creates or changes an egress program.</summary>
    /// <param name="program">The name of the program.</param>
    /// <param name="spec">The desired state.</param>
    /// <param name="expectedRevision">The revision that the program must have; 0 if it must not exist; null for no precondition.</param>
    /// <param name="force">Whether a program of another owner may be changed.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<EgressProgram> PutProgramAsync(
        string program,
        EgressProgramSpec spec,
        long? expectedRevision = null,
        bool force = false,
        CancellationToken cancellationToken = default);

    /// <summary>Deletes an egress program that no entry carries.</summary>
    /// <param name="program">The name of the program.</param>
    /// <param name="expectedRevision">The revision that it must have; null for no precondition.</param>
    /// <param name="owner">Its owner; null for none.</param>
    /// <param name="force">Whether a program of another owner may be deleted.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task DeleteProgramAsync(
        string program,
        long? expectedRevision = null,
        string? owner = null,
        bool force = false,
        CancellationToken cancellationToken = default);

    /// <summary>Makes all entries for an interface carry one egress program, or none. Entries of all owners and devmaps change together.</summary>
    /// <param name="interfaceName">The name of the egress interface.</param>
    /// <param name="program">The name of the program; null for none.</param>
    /// <param name="expectedRevision">The revision that the interface must have; null for no precondition.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<SetEgressProgramResponse> SetEgressProgramAsync(
        string interfaceName, string? program, long? expectedRevision = null, CancellationToken cancellationToken = default);

    /// <summary>Lists all leases, in order of their names.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<IReadOnlyList<Lease>> ListLeasesAsync(CancellationToken cancellationToken = default);

    /// <summary>Returns a lease.</summary>
    /// <param name="lease">The name of the lease.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<Lease> GetLeaseAsync(string lease, CancellationToken cancellationToken = default);

    /// <summary>Creates or changes a lease, and gives it its full time. Entries and attachments that name it end with it.</summary>
    /// <param name="lease">The name of the lease.</param>
    /// <param name="spec">The desired state.</param>
    /// <param name="expectedRevision">The revision that the lease must have; 0 if it must not exist; null for no precondition.</param>
    /// <param name="force">Whether a lease of another owner may be changed.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<Lease> PutLeaseAsync(
        string lease, LeaseSpec spec, long? expectedRevision = null, bool force = false, CancellationToken cancellationToken = default);

    /// <summary>Deletes a lease, with the entries and attachments that name it.</summary>
    /// <param name="lease">The name of the lease.</param>
    /// <param name="expectedRevision">The revision that it must have; null for no precondition.</param>
    /// <param name="owner">Its owner; null for none.</param>
    /// <param name="force">Whether a lease of another owner may be deleted.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task DeleteLeaseAsync(
        string lease,
        long? expectedRevision = null,
        string? owner = null,
        bool force = false,
        CancellationToken cancellationToken = default);

    /// <summary>Gives a lease its full time again.</summary>
    /// <param name="lease">The name of the lease.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>When the lease ends unless it is kept alive again.</returns>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer: <c>lease_not_found</c> if the time of the lease is over.</exception>
    Task<DateTimeOffset> KeepAliveAsync(string lease, CancellationToken cancellationToken = default);

    /// <summary>Keeps any number of leases alive by one stream: each name that the sequence gives is one sign of life.</summary>
    /// <param name="leases">The names of the leases, each as often as it must live on.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>An answer for each name, in order. A lease that has ended is an error in its answer.</returns>
    /// <exception cref="DevmapdException">The connection broke.</exception>
    IAsyncEnumerable<KeepAliveStreamResponse> KeepAliveStreamAsync(
        IAsyncEnumerable<string> leases, CancellationToken cancellationToken = default);

    /// <summary>Lists all tokens, without their secrets.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<IReadOnlyList<Token>> ListTokensAsync(CancellationToken cancellationToken = default);

    /// <summary>Returns a token, without its secret.</summary>
    /// <param name="token">The name of the token.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<Token> GetTokenAsync(string token, CancellationToken cancellationToken = default);

    /// <summary>Creates a token.</summary>
    /// <param name="request">The name, the role and the limits.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <returns>The token, and its secret, which is shown this once.</returns>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<CreateTokenResponse> CreateTokenAsync(CreateTokenRequest request, CancellationToken cancellationToken = default);

    /// <summary>Deletes a token.</summary>
    /// <param name="token">The name of the token.</param>
    /// <param name="expectedRevision">The revision that it must have; null for no precondition.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task DeleteTokenAsync(string token, long? expectedRevision = null, CancellationToken cancellationToken = default);

    /// <summary>Lists changes, the newest first unless the request says otherwise. Each page is requested when the one before has been read.</summary>
    /// <param name="request">The filters. The stream sets the page tokens of a copy.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <exception cref="DevmapdException">A page could not be read.</exception>
    IAsyncEnumerable<Change> ListChangesAsync(ListChangesRequest request, CancellationToken cancellationToken = default);

    /// <summary>Brings every resource that changed under a revision back to its state before.</summary>
    /// <param name="revision">The revision of the change.</param>
    /// <param name="force">Whether resources that others have changed since are brought back too.</param>
    /// <param name="dryRun">Whether nothing happens and the answer is the plan.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<RevertOutcome> RevertChangeAsync(
        long revision, bool force = false, bool dryRun = false, CancellationToken cancellationToken = default);

    /// <summary>Brings all entries, attachments and egress programs back to the state of a revision.</summary>
    /// <param name="revision">The revision.</param>
    /// <param name="dryRun">Whether nothing happens and the answer is the plan.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<RevertOutcome> RevertStateAsync(long revision, bool dryRun = false, CancellationToken cancellationToken = default);

    /// <summary>Returns versions, kernel features and conditions of the host.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<Host> GetHostAsync(CancellationToken cancellationToken = default);

    /// <summary>Lists the interfaces of the host.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<IReadOnlyList<Interface>> ListInterfacesAsync(CancellationToken cancellationToken = default);

    /// <summary>Returns an interface.</summary>
    /// <param name="interfaceName">The name of the interface.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    Task<Interface> GetInterfaceAsync(string interfaceName, CancellationToken cancellationToken = default);

    /// <summary>Watches a devmap. When the connection breaks or the daemon restarts, the stream resumes after the last event. If the daemon no longer has the changes since, the stream begins again with a snapshot.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="revision">The revision of the last event that the caller has seen; null to begin with a snapshot.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>A stream that ends only with an exception.</returns>
    /// <exception cref="DevmapdException">The daemon refused the watch, or has never answered.</exception>
    IAsyncEnumerable<WatchItem> WatchAsync(string devmap, long? revision = null, CancellationToken cancellationToken = default);

    /// <summary>Watches a devmap as the other overload does.</summary>
    /// <param name="request">The devmap, the filters and the revision to begin after. The stream sets the revisions of a copy.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>A stream that ends only with an exception.</returns>
    /// <exception cref="DevmapdException">The daemon refused the watch, or has never answered.</exception>
    IAsyncEnumerable<WatchItem> WatchAsync(WatchRequest request, CancellationToken cancellationToken = default);

    /// <summary>Watches several devmaps in one stream, which resumes as that of <see cref="WatchAsync(string, long?, CancellationToken)"/> does.</summary>
    /// <param name="request">The devmaps, the filters and the revision to begin after. The stream sets the revisions of a copy.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>A stream that ends only with an exception.</returns>
    /// <exception cref="DevmapdException">The daemon refused the watch, or has never answered.</exception>
    IAsyncEnumerable<DevmapsWatchItem> WatchDevmapsAsync(WatchDevmapsRequest request, CancellationToken cancellationToken = default);
}

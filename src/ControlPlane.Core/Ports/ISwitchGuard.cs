using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Ports;

/// <summary>
/// Guards a switch to a candidate: the kernel takes the table back by itself when nobody confirms in time, or at a redirect error too many. It does so also
/// after the end of this process. Exactly one of confirmation, cancellation, time and drops ends it.
/// </summary>
public interface ISwitchGuard
{
    /// <summary>Returns the state of the switch. Safe on any thread, and cheap.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    GuardReport Read();

    /// <summary>Switches to the candidate, guarded from the first frame on.</summary>
    /// <exception cref="KernelException">The kernel refused; programs use the same table as before.</exception>
    void Switch(WriterScope scope, GuardOrder order);

    /// <summary>Has the candidate stay. False if the table was taken back before.</summary>
    bool Confirm(WriterScope scope);

    /// <summary>Takes the table back unless the switch has ended, and follows if the kernel did. Returns the state of the switch.</summary>
    GuardReport TakeBack(WriterScope scope);

    /// <summary>Removes the guard of a switch that has ended, or was never made: a start then knows nothing of it.</summary>
    void Remove(WriterScope scope);
}

/// <summary>A guarded switch that nobody has confirmed before the process ended. The table before it is active.</summary>
/// <param name="Since">The revision of that table.</param>
/// <param name="Report">The state of the switch.</param>
public sealed record InterruptedSwitch(long Since, GuardReport Report);
